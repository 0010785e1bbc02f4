/** Run-length code for bytes. Blocks follow one another: a varint `2n + 1` and a byte that repeats n times, or `2n` and n bytes. */

/** Shorter runs cost more than the bytes themselves. */
const MIN_RUN = 4;

/** Bytes that are written one after the other. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.byte((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  bytes(values: Uint8Array): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** @throws RangeError where the bytes end too early */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new RangeError('The bytes end too early.');
    return value;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte % 128) * scale;
      if (byte < 128) return value;
      if (scale > 2 ** 28) throw new RangeError('A number is too long.');
    }
  }

  bytes(count: number): Uint8Array {
    if (this.#at + count > this.#bytes.length) throw new RangeError('The bytes end too early.');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}

export function writeRuns(writer: ByteWriter, data: Uint8Array): void {
  let pending = 0;
  for (let at = 0; at < data.length; ) {
    let end = at + 1;
    while (end < data.length && data[end] === data[at]) end++;
    if (end - at >= MIN_RUN) {
      writePlain(writer, data.subarray(pending, at));
      writer.varint(2 * (end - at) + 1);
      writer.byte(data[at]!);
      pending = end;
    }
    at = end;
  }
  writePlain(writer, data.subarray(pending));
}

function writePlain(writer: ByteWriter, data: Uint8Array): void {
  if (data.length === 0) return;
  writer.varint(2 * data.length);
  writer.bytes(data);
}

/** @throws RangeError where there are not exactly `length` bytes */
export function readRuns(reader: ByteReader, length: number): Uint8Array {
  const data = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const head = reader.varint();
    const count = Math.floor(head / 2);
    if (count === 0 || at + count > length) throw new RangeError('A run does not fit.');
    if (head % 2 === 1) data.fill(reader.byte(), at, at + count);
    else data.set(reader.bytes(count), at);
    at += count;
  }
  if (!reader.isAtEnd) throw new RangeError('There is more than was announced.');
  return data;
}
