/**
 * Damaged variants of files, the same in every run of a seed. Tests take a small budget of them; `ATTUNE_FUZZ=N` multiplies it for a longer
 * run by hand, and `ATTUNE_FUZZ_SEED` begins elsewhere.
 */
const LONGER = Math.max(1, Number(process.env.ATTUNE_FUZZ ?? 1));
const SEED = Number(process.env.ATTUNE_FUZZ_SEED ?? 7);

export const fuzzRounds = (budget: number) => budget * LONGER;

/** Whole numbers below a bound, by a linear congruential generator. */
export function randomNumbers(salt = 0): (below: number) => number {
  let state = (SEED * 2654435761 + salt) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Values at which length fields and counts turn over. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff];

/** A copy that was cut off, overwritten, repeated or shifted somewhere. */
export function mutated(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const place = () => random(bytes.length);
  switch (random(5)) {
    case 0:
      return bytes.slice(0, place());
    case 1: {
      const at = place();
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(Math.max(0, at - random(64))));
    }
    case 2: {
      const at = place();
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + random(16)));
    }
    default: {
      const copy = new Uint8Array(bytes); // the slice of a Buffer would be the Buffer itself
      for (let change = random(8); change >= 0; change--)
        copy[place()] = random(2) === 0 ? random(256) : (EDGES[random(EDGES.length)] ?? 0);
      return copy;
    }
  }
}

/** Values that break what takes a record at its word. */
const STRANGE: readonly unknown[] = [
  null,
  -1,
  2 ** 60,
  Number.POSITIVE_INFINITY,
  'x'.repeat(30_000),
  '__proto__',
  [],
  {},
  [['constructor', 0]],
  ['3', 0],
  [3, 1e9],
  true,
  '../../etc/passwd',
  { content: 'x' },
];
const STRANGE_KEYS = ['__proto__', 'constructor', 'toString', 'inputs', 'class_type', 'prompt', 'nodes', 'links', ''];

/** The JSON text of a value of which members were replaced, renamed, moved or put into each other. */
export function mutatedJson(json: unknown, random: (below: number) => number): string {
  let left = 1 + random(4);
  const walk = (value: unknown): unknown => {
    if (left > 0 && random(12) === 0) {
      left--;
      return random(3) === 0 ? { nested: value } : STRANGE[random(STRANGE.length)];
    }
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => {
        const isRenamed = left > 0 && random(20) === 0;
        if (isRenamed) left--;
        return [isRenamed ? (STRANGE_KEYS[random(STRANGE_KEYS.length)] ?? key) : key, walk(member)];
      }),
    );
  };
  return JSON.stringify(walk(json));
}
