// The host at the other end of an emulated RP2040's USB: enumerates the device, opens its serial port, and
// moves packets.
//
// The emulator's own host takes endpoints that the driver has only made ready for packets to have received
// some. This one leaves an endpoint to the device until it is there to be served, as the bus does.

const SETUP = 0x000;
const CONTROL_BUFFER = 0x100;
const PACKET = 64;

/// Bits of a buffer control register.
const AVAILABLE = 1 << 10;
const STALL = 1 << 11;
const FULL = 1 << 15;
const LENGTH = 0x3ff;

/// Bits of the serial interface engine's registers.
const PULL_UP = 1 << 16;
const SETUP_RECEIVED = 1 << 17;
const BUS_RESET = 1 << 19;

const TO_DEVICE = 0x00;
const TO_HOST = 0x80;
const TO_INTERFACE = 0x21;
const SET_ADDRESS = 5;
const GET_DESCRIPTOR = 6;
const SET_CONFIGURATION = 9;
const SET_LINE_CODING = 0x20;
const SET_CONTROL_LINE_STATE = 0x22;
const [DEVICE, CONFIGURATION, STRING] = [0x100, 0x200, 0x300];
const US_ENGLISH = 0x409;

/// Which way a packet goes.
const [IN, OUT] = [0, 1];

export class UsbHost {
  /// A host for a chip whose device must have that serial number. It takes what it sends from `toDevice`, and
  /// puts what it receives into `fromDevice`.
  constructor(rp2040, serialNumber, toDevice, fromDevice) {
    Object.assign(this, { usb: rp2040.usbCtrl, memory: rp2040.usbDPRAM, registers: rp2040.usbDPRAMView });
    Object.assign(this, { toDevice, fromDevice });
    this.script = this.connect(serialNumber);
    this.endpoints = null;
    this.transfer = [];
    this.usb.DPRAMUpdated = () => {};
  }

  /// Does what can be done at once.
  poll() {
    if (this.script) {
      this.script.next();
      return;
    }
    const received = this.take(this.endpoints[IN]);
    if (received) {
      this.transfer.push(...received);
      // Until a packet is not full, the system waits for more.
      if (received.length < PACKET) {
        this.fromDevice.push(...this.transfer.splice(0));
      }
    }
    if (this.toDevice.length > 0 && this.isAvailable(this.endpoints[OUT], OUT)) {
      this.give(this.endpoints[OUT], this.toDevice.splice(0, PACKET));
    }
  }

  /// Enumerates the device and opens its port, a step at a time.
  *connect(serialNumber) {
    while (!(this.usb.sieCtrl & PULL_UP)) yield;
    this.usb.sieStatus |= BUS_RESET;
    this.usb.sieStatusUpdated();
    while (this.usb.sieStatus & BUS_RESET) yield;
    const device = yield* this.request(TO_HOST, GET_DESCRIPTOR, DEVICE, 0, 18);
    yield* this.request(TO_DEVICE, SET_ADDRESS, 1, 0, 0);
    const head = yield* this.request(TO_HOST, GET_DESCRIPTOR, CONFIGURATION, 0, 9);
    const length = head[2] | (head[3] << 8);
    const descriptors = yield* this.request(TO_HOST, GET_DESCRIPTOR, CONFIGURATION, 0, length);
    const text = yield* this.request(TO_HOST, GET_DESCRIPTOR, STRING + device[16], US_ENGLISH, 255);
    const found = Buffer.from(text.slice(2)).toString('utf16le');
    if (found !== serialNumber) {
      throw new Error(`the serial number is ${found}, not ${serialNumber}`);
    }
    yield* this.request(TO_DEVICE, SET_CONFIGURATION, 1, 0, 0);
    yield* this.request(TO_INTERFACE, SET_CONTROL_LINE_STATE, 3, 0, 0);
    yield* this.request(TO_INTERFACE, SET_LINE_CODING, 0, 0, 7, [0x00, 0xc2, 0x01, 0x00, 0, 0, 8]);
    this.endpoints = bulkEndpoints(descriptors);
    this.script = null;
  }

  /// Makes a control request, and returns what the device answers.
  *request(type, request, value, index, length, data = []) {
    const words = [value, index, length].flatMap((word) => [word & 0xff, word >> 8]);
    this.memory.set([type, request, ...words], SETUP);
    this.usb.sieStatus |= SETUP_RECEIVED;
    this.usb.sieStatusUpdated();
    const answer = [];
    if (type & TO_HOST) {
      let packet;
      do {
        packet = yield* this.control(IN);
        answer.push(...packet);
      } while (packet.length === PACKET && answer.length < length);
      yield* this.control(OUT, []);
    } else {
      if (data.length > 0) yield* this.control(OUT, data);
      yield* this.control(IN);
    }
    return answer;
  }

  /// Moves a packet of a control request.
  *control(direction, data) {
    while (!this.isAvailable(0, direction)) {
      if (this.registers.getUint32(bufferControl(0, direction), true) & STALL) {
        throw new Error('the device refuses a request');
      }
      yield;
    }
    return direction === IN ? this.take(0) : this.give(0, data);
  }

  isAvailable(endpoint, direction) {
    return (this.registers.getUint32(bufferControl(endpoint, direction), true) & AVAILABLE) !== 0;
  }

  /// Takes the packet that the device has for the host, if it has one.
  take(endpoint) {
    if (!this.isAvailable(endpoint, IN)) {
      return null;
    }
    const register = bufferControl(endpoint, IN);
    const control = this.registers.getUint32(register, true);
    const start = this.buffer(endpoint, IN);
    const packet = this.memory.slice(start, start + (control & LENGTH));
    this.registers.setUint32(register, control & ~(AVAILABLE | FULL), true);
    this.usb.indicateBufferReady(endpoint, false);
    return packet;
  }

  /// Puts a packet where the device has made room.
  give(endpoint, packet) {
    const register = bufferControl(endpoint, OUT);
    const control = this.registers.getUint32(register, true);
    this.memory.set(packet, this.buffer(endpoint, OUT));
    const received = (control & ~(AVAILABLE | LENGTH)) | FULL | packet.length;
    this.registers.setUint32(register, received, true);
    this.usb.indicateBufferReady(endpoint, true);
  }

  buffer(endpoint, direction) {
    const control = 8 * endpoint + 4 * direction;
    return endpoint === 0 ? CONTROL_BUFFER : this.registers.getUint32(control, true) & 0xffc0;
  }
}

function bufferControl(endpoint, direction) {
  return 0x80 + 8 * endpoint + 4 * direction;
}

/// Returns the numbers of the bulk endpoints in a configuration descriptor: to the host, to the device.
function bulkEndpoints(descriptors) {
  const [ENDPOINT, BULK] = [5, 2];
  const endpoints = [];
  for (let i = 0; i < descriptors.length; i += descriptors[i]) {
    const [, type, address, attributes] = descriptors.slice(i);
    if (type === ENDPOINT && attributes === BULK) {
      endpoints[address & TO_HOST ? IN : OUT] = address & 0xf;
    }
  }
  return endpoints;
}
