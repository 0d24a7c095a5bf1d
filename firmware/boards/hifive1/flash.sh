#!/bin/sh
# `cargo run` lands here: writes an image into the board's flash, by its J-Link, and starts it.
set -eu

if ! command -v JLinkExe >/dev/null; then
    echo "JLinkExe is missing: install SEGGER's J-Link software" >&2
    exit 1
fi
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
# J-Link tells a file's format by its name.
cp "$1" "$folder/image.elf"
printf 'loadfile %s\nrnh\nexit\n' "$folder/image.elf" |
    JLinkExe -device FE310 -if JTAG -speed 4000 -jtagconf -1,-1 -autoconnect 1
