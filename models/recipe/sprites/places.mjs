/**
 * The eight places, drawn by formula as 128x128 RGB. Every one is periodic in x with period 128, so that a
 * horizontal roll by 32, 64 or 96 pixels has no seam.
 */

export const SIDE = 128;
const TAU = 2 * Math.PI;

/** Signed distance from b to a on a circle of length 128. */
const around = (a, b) => ((a - b + 1.5 * SIDE) % SIDE) - SIDE / 2;

/** Mix of two colours, t in 0..1. */
const mix = (a, b, t) => a.map((v, c) => v + (b[c] - v) * Math.min(1, Math.max(0, t)));

/** Soft spot: 1 in the middle, falls off as a Gaussian. */
const spot = (x, y, cx, cy, rx, ry) => Math.exp(-((around(x, cx) / rx) ** 2) - ((y - cy) / ry) ** 2);

/** Deterministic numbers in 0..1 (a 32-bit linear congruential generator). */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const CLOUDS = [
  [20, 22, 15, 6],
  [34, 19, 12, 8],
  [47, 24, 13, 5],
  [92, 62, 16, 6],
  [106, 58, 12, 7],
  [78, 64, 10, 4],
  [24, 98, 16, 6],
  [38, 95, 11, 7],
  [104, 112, 14, 5],
  [92, 109, 10, 6],
];

function sky(x, y) {
  const cloud = CLOUDS.reduce((sum, c) => sum + spot(x, y, ...c), 0);
  return mix(mix([92, 168, 240], [186, 222, 250], y / 127), [252, 253, 255], 0.95 * cloud);
}

/** Blades of grass: short soft strokes on a jittered 16x16 lattice, the same in every 64x64 block. */
const BLADES = (() => {
  const next = numbers(7);
  return Array.from({ length: 16 }, (_, k) => [
    (k % 4) * 16 + 8 + 6 * (next() - 0.5),
    Math.floor(k / 4) * 16 + 8 + 6 * (next() - 0.5),
    next() - 0.5,
  ]);
})();

function grass(x, y) {
  let blades = 0;
  for (const [bx, by, lean] of BLADES) {
    const dy = ((y - by + 96) % 64) - 32,
      dx = ((x - bx - lean * dy + 96 + 64) % 64) - 32;
    blades += Math.exp(-((dx / 1.7) ** 2) - (dy / 5) ** 2) * (lean > 0 ? 1 : -1);
  }
  const patch = 0.5 + 0.25 * Math.sin((TAU * x) / 128 + 1) + 0.25 * Math.sin((TAU * (y + 0.5 * x)) / 64);
  const base = mix([128, 184, 70], [160, 208, 92], patch);
  return blades > 0 ? mix(base, [196, 230, 122], blades * 0.8) : mix(base, [92, 146, 54], -blades * 0.8);
}

function sand(x, y) {
  const wave = Math.sin((TAU * (y + 5 * Math.sin((TAU * x) / 64) + 3 * Math.sin((TAU * x) / 128 + 2))) / 16);
  const dune = 0.5 + 0.5 * Math.sin((TAU * (x + y)) / 128);
  return mix(mix([236, 206, 148], [222, 184, 120], dune), [190, 146, 88], 0.42 * Math.max(0, wave) ** 2);
}

const STARS = (() => {
  const next = numbers(11);
  return Array.from({ length: 22 }, () => [next() * SIDE, 3 + next() * 122, 1.1 + 0.8 * next(), 0.55 + 0.45 * next()]);
})();

function night(x, y) {
  const haze = spot(x, y, 84, 84, 46, 40);
  let base = mix(mix([16, 18, 50], [34, 28, 82], y / 127), [74, 56, 132], 0.6 * haze);
  for (const [cx, cy, radius, strength] of STARS)
    base = mix(base, [255, 246, 214], strength * spot(x, y, cx, cy, radius, radius));
  return base;
}

const TUFTS = (() => {
  const next = numbers(23);
  return Array.from({ length: 18 }, () => [next() * SIDE, 4 + next() * 120, 5 + 6 * next(), 1.8 + 1.5 * next()]);
})();

function snow(x, y) {
  const drift = 0.5 + 0.5 * Math.sin((TAU * (y + 8 * Math.sin((TAU * x) / 128))) / 64);
  let base = mix([246, 249, 254], [212, 226, 244], drift);
  for (const tuft of TUFTS) base = mix(base, [176, 200, 232], 0.7 * spot(x, y, ...tuft));
  return base;
}

const PEBBLES = (() => {
  const next = numbers(41);
  return Array.from({ length: 26 }, () => [next() * SIDE, next() * SIDE, 0.75 + 0.5 * next()]);
})();

/** Cobbles: distance to the nearest and second nearest of 26 points on a torus gives soft joints. */
function stone(x, y) {
  let first = 1e9,
    second = 1e9,
    shade = 1;
  for (const [cx, cy, tone] of PEBBLES) {
    const d = Math.hypot(around(x, cx), around(y, cy));
    if (d < first) {
      second = first;
      first = d;
      shade = tone;
    } else if (d < second) second = d;
  }
  const joint = Math.exp(-(((second - first) / 3.2) ** 2));
  return mix(mix([146, 146, 154], [182, 180, 180], shade - 0.55), [104, 104, 116], 0.6 * joint);
}

const BUBBLES = (() => {
  const next = numbers(59);
  return Array.from({ length: 20 }, () => [next() * SIDE, 4 + next() * 120, 2.2 + 2 * next()]);
})();

function sea(x, y) {
  const swell = Math.sin((TAU * (y + 6 * Math.sin((TAU * x) / 128 + 1) + 3 * Math.sin((TAU * x) / 64))) / 32);
  let base = mix(mix([40, 168, 184], [14, 92, 140], y / 127), [120, 216, 216], 0.3 * Math.max(0, swell) ** 2);
  for (const [cx, cy, radius] of BUBBLES) base = mix(base, [190, 240, 240], 0.55 * spot(x, y, cx, cy, radius, radius));
  return base;
}

const STREAKS = (() => {
  const next = numbers(73);
  return Array.from({ length: 14 }, () => [next() * SIDE, 6 + next() * 116, 14 + 14 * next(), 2 + 2.5 * next()]);
})();

function sunset(x, y) {
  const t = y / 127;
  let base = t < 0.5 ? mix([104, 62, 128], [206, 92, 120], 2 * t) : mix([206, 92, 120], [248, 178, 116], 2 * t - 1);
  for (const streak of STREAKS) base = mix(base, [255, 206, 170], 0.45 * spot(x, y, ...streak));
  return base;
}

/** Phrase of each place, its painter, and a name for files. Order = order in the atlas. */
export const PLACES = [
  { name: 'sky', phrase: 'in the sky', paint: sky },
  { name: 'grass', phrase: 'on grass', paint: grass },
  { name: 'sand', phrase: 'on sand', paint: sand },
  { name: 'night', phrase: 'at night', paint: night },
  { name: 'snow', phrase: 'on snow', paint: snow },
  { name: 'stone', phrase: 'on stone', paint: stone },
  { name: 'sea', phrase: 'in the sea', paint: sea },
  { name: 'sunset', phrase: 'at sunset', paint: sunset },
];

/** RGB bytes of one place, 128*128*3. */
export function paintPlace(place) {
  const data = Buffer.alloc(SIDE * SIDE * 3);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      place.paint(x, y).forEach((v, c) => {
        data[(y * SIDE + x) * 3 + c] = Math.round(Math.min(255, Math.max(0, v)));
      });
    }
  }
  return data;
}
