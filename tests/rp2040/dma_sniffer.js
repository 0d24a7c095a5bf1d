// Gives an emulated RP2040's DMA the sniffer that the emulator lacks, as its datasheet describes it: as much of
// it as computes a CRC-32 of bytes, the lowest bit of each first.

const CTRL = 0x434;
const DATA = 0x438;

const ENABLE = 1 << 0;
const CHANNEL = (ctrl) => (ctrl >> 1) & 0xf;
const CALC = (ctrl) => (ctrl >> 5) & 0xf;
const CRC32_REVERSED = 1;
const OUT_REVERSED = 1 << 10;
const OUT_INVERTED = 1 << 11;

const POLYNOMIAL = 0x04c11db7;

/// Of a channel's control register.
const SNIFFED = 1 << 23;

export function sniff(dma) {
  let [ctrl, register] = [0, 0];
  const [read, write] = [dma.readUint32.bind(dma), dma.writeUint32.bind(dma)];
  dma.writeUint32 = (offset, value) => {
    if (offset === CTRL) {
      ctrl = value;
    } else if (offset === DATA) {
      register = value;
    } else {
      write(offset, value);
    }
  };
  dma.readUint32 = (offset) => {
    if (offset === CTRL) {
      return ctrl;
    }
    if (offset !== DATA) {
      return read(offset);
    }
    const shown = ctrl & OUT_REVERSED ? reversed(register) : register;
    return (ctrl & OUT_INVERTED ? ~shown : shown) >>> 0;
  };
  for (const channel of dma.channels) {
    const transfer = channel.transfer8;
    channel.transfer8 = () => {
      if (channel.ctrl & SNIFFED && ctrl & ENABLE && CHANNEL(ctrl) === channel.index) {
        take(channel.rp2040.readUint8(channel.readAddr));
      }
      transfer();
    };
  }

  function take(byte) {
    if (CALC(ctrl) !== CRC32_REVERSED) {
      throw new Error(`the emulated sniffer does not compute ${CALC(ctrl)}`);
    }
    for (let bit = 0; bit < 8; bit++) {
      const out = (register >>> 31) ^ ((byte >> bit) & 1);
      register = (register << 1) ^ (out ? POLYNOMIAL : 0);
    }
  }
}

function reversed(word) {
  let turned = 0;
  for (let bit = 0; bit < 32; bit++) {
    turned |= ((word >>> bit) & 1) << (31 - bit);
  }
  return turned;
}
