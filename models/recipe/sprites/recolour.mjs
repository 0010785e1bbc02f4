/** Recolours a sprite by rule: the dominant hue takes the new colour, everything else stays. */

const BINS = 36;

/** Hue in degrees, saturation and value in 0..1 of an RGB triple in 0..255. */
function toHsv(r, g, b) {
  const max = Math.max(r, g, b),
    min = Math.min(r, g, b),
    span = max - min;
  let hue = 0;
  if (span > 0) {
    if (max === r) hue = ((g - b) / span + 6) % 6;
    else if (max === g) hue = (b - r) / span + 2;
    else hue = (r - g) / span + 4;
  }
  return [hue * 60, max === 0 ? 0 : span / max, max / 255];
}

const smoothStep = (x, from, to) => {
  const t = Math.min(1, Math.max(0, (x - from) / (to - from)));
  return t * t * (3 - 2 * t);
};

const luminance = (r, g, b) => 0.299 * r + 0.587 * g + 0.114 * b;

/** Centre in degrees of the heaviest window of three hue bins, weighted by saturation times alpha. */
export function dominantHue(data) {
  const histogram = new Float64Array(BINS);
  for (let i = 0; i < data.length; i += 4) {
    const [hue, saturation] = toHsv(data[i], data[i + 1], data[i + 2]);
    histogram[Math.floor((hue * BINS) / 360) % BINS] += saturation * data[i + 3];
  }
  let best = 0,
    weight = -1;
  for (let k = 0; k < BINS; k++) {
    const sum = histogram[(k + BINS - 1) % BINS] + histogram[k] + histogram[(k + 1) % BINS];
    if (sum > weight) {
      weight = sum;
      best = k;
    }
  }
  return ((best + 0.5) * 360) / BINS;
}

/**
 * New RGBA bytes with the dominant hue replaced by `target`.
 * Shading is kept: with t = luminance / mean luminance of the recoloured part (0.45..1.5), the colour is
 * target*min(t,1), moved towards white by 0.8*(t-1) where t > 1.
 * @param {Buffer} data RGBA, straight alpha
 * @param {[number, number, number]} target
 * @param {{spread?: number, hue?: number}} [options] hue distance in degrees up to which a pixel is recoloured
 */
export function recolour(data, target, { spread = 36, hue: centre = dominantHue(data) } = {}) {
  const count = data.length / 4;
  const mask = new Float64Array(count);
  let light = 0,
    total = 0;
  for (let p = 0; p < count; p++) {
    const [r, g, b, a] = data.subarray(p * 4, p * 4 + 4);
    const [hue, saturation, value] = toHsv(r, g, b);
    const distance = Math.abs(((hue - centre + 540) % 360) - 180);
    mask[p] =
      (1 - smoothStep(distance, spread, spread + 12)) *
      smoothStep(saturation, 0.15, 0.3) *
      smoothStep(value, 0.15, 0.3);
    light += mask[p] * a * luminance(r, g, b);
    total += mask[p] * a;
  }
  const mean = light / total;
  const out = Buffer.from(data);
  for (let p = 0; p < count; p++) {
    if (mask[p] === 0) continue;
    const i = p * 4;
    const t = Math.min(1.5, Math.max(0.45, luminance(data[i], data[i + 1], data[i + 2]) / mean));
    const white = 0.8 * Math.max(0, t - 1);
    for (let c = 0; c < 3; c++) {
      const shaded = target[c] * Math.min(t, 1);
      const fresh = shaded + (255 - shaded) * white;
      out[i + c] = Math.round(data[i + c] * (1 - mask[p]) + fresh * mask[p]);
    }
  }
  return out;
}
