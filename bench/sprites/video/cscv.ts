/**
 * Clip similarity coefficient of variation (DiTCtrl, arXiv 2412.18597, section 4; MPVBench): how evenly a video changes, 0..1, 1 = every
 * frame is as like the next as any other. With s_i the likeness of frames i and i+1:
 *
 *     1 / (1 + 10 std(s) / mean(s))
 *
 * The factor 10 agrees with the paper's table; the form is as remembered, the deviation is that of the whole population. The paper
 * compares features of CLIP; any likeness may be given here, so numbers compare only where the same was used.
 */
export function cscv(similarities: readonly number[]): number {
  if (similarities.length === 0) throw new RangeError('one frame has no neighbour to be like');
  const mean = similarities.reduce((sum, value) => sum + value, 0) / similarities.length;
  if (!(mean > 0)) throw new RangeError(`a mean likeness of ${mean} has no coefficient of variation`);
  const variance = similarities.reduce((sum, value) => sum + (value - mean) ** 2, 0) / similarities.length;
  return 1 / (1 + (10 * Math.sqrt(variance)) / mean);
}

/** The likeness of each frame and the next, in order. */
export function neighbourSimilarities<Frame>(
  frames: readonly Frame[],
  similarity: (a: Frame, b: Frame) => number,
): number[] {
  return frames.slice(1).flatMap((frame, at) => {
    const before = frames[at];
    return before === undefined ? [] : [similarity(before, frame)];
  });
}
