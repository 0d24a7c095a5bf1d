// Runs a firmware image on an emulated Raspberry Pi Pico, its UART0 or its USB serial port being a Unix
// socket:
//
//     node emulate.js IMAGE SOCKET uart|usb
//
// As with QEMU, the board boots when somebody connects to the socket, baud rates do not matter, and
// no byte is given to the board before it has room for it. While the board sleeps, so does this.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { ConsoleLogger, LogLevel, Simulator } from 'rp2040js';
import { sniff } from './dma_sniffer.js';
import { tellFlashId } from './flash_id.js';
import { UsbHost } from './usb_host.js';

const FLASH = 0x10000000;

/// Where the second stage of the boot loader, the first 256 bytes of flash, leaves off.
const VECTOR_TABLE = FLASH + 0x100;

const NANOS_PER_CYCLE = 1e9 / 125e6;

/// How many instructions pass between two looks at the socket.
const SLICE = 20_000;

/// The number of the board's flash chip, which is the serial number of its USB device.
const FLASH_ID = Buffer.from('E660583883560A2F', 'hex');

/// How many instructions pass between two looks at the USB.
const USB_SLICE = 64;

const [imagePath, socketPath, link] = process.argv.slice(2);
const { rp2040, clock } = new Simulator();
const { core } = rp2040;
const uart = rp2040.uart[0];

load(readFileSync(imagePath));
// The boot ROM's part and that of the boot loader's second stage: nothing is left to set up here.
core.VTOR = VECTOR_TABLE;
core.SP = rp2040.readUint32(VECTOR_TABLE);
core.PC = rp2040.readUint32(VECTOR_TABLE + 4) & ~1;
rp2040.logger = new ConsoleLogger(LogLevel.Error);
readMissingRegistersAsZero(uart);
interruptForSentBytesOnly(uart);
tellFlashId(rp2040, FLASH_ID);
sniff(rp2040.dma);

const server = createServer((socket) => {
  server.close();
  attach(socket);
});
server.listen(socketPath);

/// Copies what an ELF file wants in flash to there; it also says so of the initial values of RAM.
function load(file) {
  const start = file.readUInt32LE(28);
  const size = file.readUInt16LE(42);
  const count = file.readUInt16LE(44);
  for (let i = 0; i < count; i++) {
    const header = start + i * size;
    const [type, offset, , address, length] = [0, 4, 8, 12, 16].map((field) =>
      file.readUInt32LE(header + field),
    );
    if (type === 1 && length > 0) {
      rp2040.flash.set(file.subarray(offset, offset + length), address - FLASH);
    }
  }
}

/// The emulator lacks the registers for receive errors and DMA, and reads them as all ones: errors
/// without end. Here is neither.
function readMissingRegistersAsZero(peripheral) {
  const ERRORS = 0x04;
  const DMA_CONTROL = 0x48;
  const read = peripheral.readUint32.bind(peripheral);
  peripheral.readUint32 = (register) =>
    register === ERRORS || register === DMA_CONTROL ? 0 : read(register);
}

/// The emulator raises the transmit interrupt whenever it looks for interrupts, so that a handler which
/// clears it runs without end. The chip raises it when a byte has left, which here it does at once.
function interruptForSentBytesOnly(peripheral) {
  const DATA = 0x00;
  const TRANSMIT = 1 << 5;
  peripheral.checkInterrupts = () => {
    const pending = peripheral.interruptStatus & peripheral.interruptMask;
    rp2040.setInterrupt(peripheral.irq, pending !== 0);
  };
  const write = peripheral.writeUint32.bind(peripheral);
  peripheral.writeUint32 = (register, value) => {
    write(register, value);
    if (register === DATA) {
      peripheral.interruptStatus |= TRANSMIT;
      peripheral.checkInterrupts();
    }
  };
}

/// Boots the board, with the socket at the other end of its UART or its USB.
function attach(socket) {
  const received = [];
  const sent = [];
  let awake = true;
  const host = link === 'usb' && new UsbHost(rp2040, FLASH_ID.toString('hex').toUpperCase(), received, sent);
  let untilUsb = 0;
  uart.onByte = (byte) => sent.push(byte);
  socket.on('data', (bytes) => {
    received.push(...bytes);
    if (!awake) {
      awake = true;
      run();
    }
  });
  socket.on('error', () => {}); // it closes then
  socket.on('close', () => process.exit());
  run();

  function run() {
    for (let i = 0; awake && i < SLICE; i++) {
      step();
    }
    if (sent.length > 0) {
      socket.write(Uint8Array.from(sent.splice(0)));
    }
    if (awake) {
      setImmediate(run);
    }
  }

  function step() {
    if (host) {
      untilUsb = core.waiting || untilUsb === 0 ? USB_SLICE : untilUsb - 1;
      if (untilUsb === USB_SLICE) {
        host.poll();
      }
    } else if (received.length > 0 && uart.enabled && !uart.rxFIFO.full) {
      uart.feedByte(received.shift());
    }
    if (!core.waiting) {
      clock.tick(core.executeInstruction() * NANOS_PER_CYCLE);
    } else if (clock.nextAlarm !== null) {
      clock.tick(clock.nanosToNextAlarm);
    } else {
      awake = false;
    }
  }
}
