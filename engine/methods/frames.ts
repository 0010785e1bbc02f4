import type { ResolvedRequest } from '../../contract/index.ts';
import type { Model } from '../model/model.ts';

/** Frames that a result has where the request does not say. */
export function framesWished(
  { frames }: Pick<ResolvedRequest, 'frames'>,
  { defaults }: Pick<Model, 'defaults'>,
): number {
  return frames ?? defaults.frames;
}
