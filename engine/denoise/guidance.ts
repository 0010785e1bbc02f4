import type { Denoiser } from '../family.ts';

/**
 * Whether a branch needs a second row, of its negative prompt: where the network is guided by two predictions (classifier-free guidance,
 * Ho & Salimans, arXiv 2207.12598) and the scale is not 1.
 */
export function isGuided({ guidance }: Pick<Denoiser, 'guidance'>, scale: number): boolean {
  return guidance === 'classifier-free' && scale !== 1;
}

/** Batch rows of a branch with this guidance scale. */
export function rowsOf(denoiser: Pick<Denoiser, 'guidance'>, scale: number): number {
  return isGuided(denoiser, scale) ? 2 : 1;
}
