// Makes an emulated RP2040 tell the number of its flash chip: gives it as much of a boot ROM as a program needs
// that asks for it, and a flash chip that answers.

/// Finds functions by name, as programs for this chip do. There are two: one copies words, and one, for all
/// that the ROM does to the flash chip before and after a command, has nothing to do.
const BOOT_ROM = [
  // 0x14: the tables of functions and data, unused, and the function that looks into them
  0x0020, 0x0020, 0x0021, 0x0000, 0x0000, 0x0000,
  0x4a03, // 0x20: ldr r2, [pc, #12]
  0x4291, // 0x22: cmp r1, r2
  0xd001, // 0x24: beq 0x2a
  0x2035, // 0x26: movs r0, #0x35
  0x4770, // 0x28: bx lr
  0x2037, // 0x2a: movs r0, #0x37
  0x4770, // 0x2c: bx lr
  0x0000, // 0x2e
  0x3443, // 0x30: "C4", the function that copies words
  0x0000, // 0x32
  0x4770, // 0x34: bx lr
  0x3a04, // 0x36: subs r2, #4
  0x588b, // 0x38: ldr r3, [r1, r2]
  0x5083, // 0x3a: str r3, [r0, r2]
  0xd1fb, // 0x3c: bne 0x36
  0x4770, // 0x3e: bx lr
];

const ENABLE = 0x08;
const DATA = 0x60;
const READ_UNIQUE_ID = 0x4b;

/// The bytes of an answer before the number.
const LEAD = 4;

export function tellFlashId(rp2040, id) {
  new Uint16Array(rp2040.bootrom.buffer).set(BOOT_ROM, 0x14 / 2);
  // The cache's controller, which the emulator lacks: it reads nothing ahead.
  rp2040.peripherals[0x14000] = { readUint32: () => 0, writeUint32Atomic: () => {} };
  const ssi = rp2040.peripherals[0x18000];
  const [read, write] = [ssi.readUint32.bind(ssi), ssi.writeUint32.bind(ssi)];
  let [command, answered] = [null, 0];
  ssi.writeUint32 = (register, value) => {
    if (register === ENABLE) {
      [command, answered] = [null, 0];
    } else if (register === DATA) {
      command ??= value & 0xff;
    }
    write(register, value);
  };
  ssi.readUint32 = (register) => {
    if (register !== DATA || command !== READ_UNIQUE_ID) {
      return read(register);
    }
    return id[answered++ - LEAD] ?? 0;
  };
}
