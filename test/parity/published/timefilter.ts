/**
 * The F x F matrix, row-major, that multiplies by `gain` the frequencies k with min(k, F-k) >= floor(F/2) - reach, never the mean over
 * time: ByTheWay's motion filter (arXiv 2410.06241) in its conjugate-symmetric form. Rows sum to 1.
 */
export function timeFilter(frames: number, reach: number, gain: number): Float32Array {
  const lowest = Math.max(1, Math.floor(frames / 2) - reach);
  const gains = Array.from({ length: frames }, (_, k) => (Math.min(k, frames - k) >= lowest ? gain : 1));
  return Float32Array.from({ length: frames * frames }, (_, i) => {
    const distance = Math.floor(i / frames) - (i % frames);
    return gains.reduce((sum, at, k) => sum + at * Math.cos((2 * Math.PI * k * distance) / frames), 0) / frames;
  });
}
