#!/bin/sh
# `cargo run` lands here: runs a firmware image in QEMU and offers its UART as a serial port,
# /dev/pts/N, until Ctrl-C. Needs nothing but QEMU and a POSIX shell.
#
# QEMU looks only once a second whether somebody has opened its port, and forgets them when they
# close it. So this script opens the port too and keeps it open: whoever comes later is heard at
# once, however often they come and go.
set -eu

image=$1

if ! command -v qemu-system-arm >/dev/null; then
    echo "qemu-system-arm is missing; on Debian and Ubuntu: sudo apt install qemu-system-arm" >&2
    exit 1
fi

# Reads what QEMU prints, and ends when QEMU does.
attend() {
    while read -r line; do
        case $line in
        "char device redirected to "*)
            port=${line#char device redirected to }
            port=${port%% *}
            exec 3<>"$port"
            sleep 1 # until QEMU has looked
            echo "The board is running and its serial port is $port. In another terminal, try"
            echo
            echo "    serial-rpc --port $port list"
            echo
            echo "Ctrl-C switches the board off."
            ;;
        *"nic stellaris_enet.0 has no peer" | "Timer with period zero, disabling")
            ;; # QEMU says so on every start of this machine
        *)
            echo "$line" >&2
            ;;
        esac
    done
}

# Through a named pipe, so that QEMU can take this script's place: the process that was started
# is the board, and a signal to it needs nobody to pass it on.
pipe=$(mktemp -u)
mkfifo -m 600 "$pipe"
{
    rm "$pipe"
    attend
} <"$pipe" &
exec qemu-system-arm -machine lm3s6965evb -nic none -display none -monitor none -serial pty \
    -kernel "$image" >"$pipe" 2>&1
