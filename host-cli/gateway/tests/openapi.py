"""Tests the OpenAPI document of a gateway by the tools of others, on simulated devices.

A validator accepts it, schemathesis finds neither a server error nor an answer that is not in it, and a
client that openapi-python-client makes of it calls the device. `openapi-requirements.txt` has the tools:

    python3 -m venv target/openapi
    target/openapi/bin/pip install -r host-cli/gateway/tests/openapi-requirements.txt
    cargo build -p serial-rpc-gateway
    target/openapi/bin/python host-cli/gateway/tests/openapi.py target/debug/serial-rpc-gateway
"""

import importlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.request import urlopen

# Events would be followed for ever, and the tool reads answers to their end.
SCHEMATHESIS = """
headers = { Timeout = "10" }

[[operations]]
include-path-regex = "/(changes|events|log|[a-z_]+[.](total_changed|record))$"
headers = { Timeout = "0.1" }
generation = { max-examples = 2 }

[checks.positive_data_acceptance]
# A procedure may end in its own error, whatever its arguments.
expected-statuses = ["2xx", 304, 401, 403, 404, 409, 422, 429]
"""

GENERATOR = """
project_name_override: device_client
package_name_override: device_client
post_hooks: []
"""


def tool(name: str) -> str:
    """Returns the program of that name beside this Python."""
    return str(Path(sys.executable).parent / name)


def validate(document: Path) -> None:
    """Has the validator accept the document."""
    subprocess.run([sys.executable, "-m", "openapi_spec_validator", document], check=True)


def probe(url: str, folder: Path) -> None:
    """Has schemathesis look for answers that are not in the document."""
    config = folder / "schemathesis.toml"
    config.write_text(SCHEMATHESIS)
    command = [tool("schemathesis"), "--config-file", config, "run", url, "--max-examples", "10"]
    # One of one seed is as good as another, and fails the same on every machine.
    command += ["--phases", "coverage,fuzzing", "--seed", "1", "--continue-on-failure"]
    subprocess.run(command, check=True, cwd=folder)


def generate(document: Path, folder: Path) -> None:
    """Has the generator make a client, for every operation."""
    config = folder / "generator.yml"
    config.write_text(GENERATOR)
    command = [tool("openapi-python-client"), "generate", "--path", document, "--config", config]
    command += ["--meta", "none", "--output-path", folder / "device_client"]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    left_out = [line for line in made.stdout.splitlines() if "will not be generated" in line]
    assert not left_out, made.stdout
    sys.path.insert(0, str(folder))


def call(address: str) -> None:
    """Makes calls by the client."""

    def api(operation: str):
        return importlib.import_module(f"device_client.api.{operation}").sync_detailed

    models = importlib.import_module("device_client.models")
    client = importlib.import_module("device_client").Client(base_url=address)

    add = api("calculator.calculator_add")
    assert add(client=client, body=[2, 3]).parsed == 5
    named = models.CalculatorAddArguments(x=2, y=3)
    assert add(client=client, body=named).parsed == 5

    failed = api("calculator.calculator_div")(client=client, body=[1, 0])
    assert failed.status_code == 422
    assert failed.parsed.error == models.MathError.DIVIDEBYZERO
    assert failed.parsed.ran == "once"

    accumulate = api("calculator.calculator_accumulate")
    api("calculator.calculator_clear")(client=client, body=[])
    totals = [
        accumulate(client=client, body=[amount], idempotency_key="one-key").parsed
        for amount in [7, 7, 7]
    ]
    assert totals == [7, 7, 7], totals
    assert api("calculator.calculator_total")(client=client, body=[]).parsed == 7

    summary = api("calculator.calculator_statistics")(client=client, body=[[1.5, 2.5]]).parsed
    assert (summary.count, summary.mean) == (2, 2.0), summary
    replay = api("calculator.calculator_replay")
    operations = [models.OperationAccumulate(accumulate=3), "Clear"]
    assert replay(client=client, body=[operations]).parsed == 0

    devices = api("default.list_devices")(client=client).parsed
    assert [device.name for device in devices] == ["other", "sim"]
    assert all(device.interface.name == "calculator" for device in devices)


def main(gateway: str) -> None:
    """Runs all of it on a gateway of its own."""
    command = [gateway, "--listen", "127.0.0.1:0", "--log", "warn", "sim", "other=sim"]
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running,
    ):
        try:
            folder = Path(name)
            address = running.stdout.readline().strip().rstrip("/")
            url = f"{address}/devices/sim/openapi.json"
            document = folder / "openapi.json"
            with urlopen(url) as answer:
                document.write_text(json.dumps(json.load(answer)))
            validate(document)
            generate(document, folder)
            call(address)
            probe(url, folder)
        finally:
            running.terminate()
        assert running.wait() == 0, "the gateway stops in order"


if __name__ == "__main__":
    main(sys.argv[1])
