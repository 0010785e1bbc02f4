import { AttuneError } from '../base/errors.ts';
import { clip } from './clip.ts';
import { ditctrl } from './ditctrl.ts';
import { videoEdit } from './video-edit.ts';
import type { VideoMethod } from './videomethod.ts';

/** Every method for videos, one line each. */
export const videoMethods: readonly VideoMethod[] = [clip, ditctrl, videoEdit];

export function videoMethodOf(id: string): VideoMethod {
  const method = videoMethods.find(({ description }) => description.id === id);
  if (method !== undefined) return method;
  throw new AttuneError(
    'request-invalid',
    `There is no method "${id}" for videos; there are ${videoMethods.map(({ description }) => description.id).join(', ')}.`,
    { field: 'method' },
  );
}
