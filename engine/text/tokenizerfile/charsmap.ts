/** What is wrong with a SentencePiece map of characters, or the map made safe. */
export type CheckedMap = { readonly map: string } | { readonly fault: string };

const BLOCK = 256;
/** Bytes that one piece of text may become: the longest of Unicode's compatibility forms has 33. */
export const LONGEST = 48;
/** Bytes of the largest map; those of published models have a quarter of a million. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Checks `precompiled_charsmap`: base64 of the length of a double-array trie in bytes, the trie as 32-bit units, and replacements that end
 * with zero bytes (google/sentencepiece, normalizer.cc; darts-clone). Native code follows it without looking at bounds: every place that
 * any text can lead to must be inside. The map that is returned is the same, with the trie filled up to whole blocks.
 */
export function checkCharsMap(base64: string): CheckedMap {
  const bytes = fromBase64(base64);
  if (bytes === undefined || bytes.length < 8 || bytes.length > MAX_BYTES) return { fault: 'is no base64 of a map' };
  const view = new DataView(bytes.buffer);
  const size = view.getUint32(0, true);
  if (size < 4 || size % 4 !== 0 || size > bytes.length - 4) return { fault: 'has a trie that does not fit into it' };
  const units = new Uint32Array(Math.ceil(size / 4 / BLOCK) * BLOCK);
  for (let unit = 0; unit < size / 4; unit++) units[unit] = view.getUint32(4 + 4 * unit, true);
  const texts = bytes.subarray(4 + size);
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(texts);
  } catch {
    return { fault: 'has replacements that are not UTF-8' };
  }
  const fault = faultOf(units, texts);
  if (fault !== undefined) return { fault };
  const whole = new Uint8Array(4 + 4 * units.length + texts.length);
  const wholeView = new DataView(whole.buffer);
  wholeView.setUint32(0, 4 * units.length, true);
  for (const [index, unit] of units.entries()) wholeView.setUint32(4 + 4 * index, unit, true);
  whole.set(texts, 4 + 4 * units.length);
  return { map: toBase64(whole) };
}

function faultOf(units: Uint32Array, texts: Uint8Array): string | undefined {
  const seen = new Uint8Array(units.length);
  const pending = [offsetOf(units[0] ?? 0)];
  for (let base = pending.pop(); base !== undefined; base = pending.pop()) {
    // Whole blocks: with it, every place that a byte leads to is inside.
    if (base >= units.length) return 'has a trie that leads out of itself';
    if (seen[base] === 1) continue;
    seen[base] = 1;
    for (let byte = 1; byte < BLOCK; byte++) {
      const place = base ^ byte;
      const unit = units[place] ?? 0;
      if (labelOf(unit) !== byte) continue;
      const next = place ^ offsetOf(unit);
      if (next >= units.length) return 'has a trie that leads out of itself';
      if (((unit >>> 8) & 1) === 1) {
        const start = (units[next] ?? 0) & 0x7fffffff;
        const end = texts.indexOf(0, start);
        if (start > texts.length || ((texts[start] ?? 0) & 0xc0) === 0x80)
          return 'has a replacement that begins nowhere';
        if ((end === -1 ? texts.length : end) - start > LONGEST)
          return `has a replacement of more than ${LONGEST} bytes`;
      }
      pending.push(next);
    }
  }
  return undefined;
}

/** The bits of a unit, as darts-clone packs them. */
const labelOf = (unit: number) => (unit & 0x800000ff) >>> 0;
const offsetOf = (unit: number) => (unit >>> 10) * (((unit >>> 9) & 1) === 1 ? BLOCK : 1);

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0 || text.length > MAX_BYTES * 1.4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  const values = new Uint8Array(128);
  for (let value = 0; value < 64; value++) values[DIGITS.charCodeAt(value)] = value;
  for (let at = 0, out = 0; at < text.length; at += 4) {
    const digit = (index: number) => values[text.charCodeAt(at + index)] ?? 0;
    const triple = (digit(0) << 18) | (digit(1) << 12) | (digit(2) << 6) | digit(3);
    // Writing behind the end does nothing.
    bytes[out++] = triple >> 16;
    bytes[out++] = triple >> 8;
    bytes[out++] = triple;
  }
  return bytes;
}

function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const triple = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const digits = [18, 12, 6, 0].map((shift) => DIGITS.charAt((triple >> shift) & 63)).join('');
    const left = bytes.length - at;
    parts.push(left >= 3 ? digits : `${digits.slice(0, left + 1)}${'='.repeat(3 - left)}`);
  }
  return parts.join('');
}
