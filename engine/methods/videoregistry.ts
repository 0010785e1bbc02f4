import { clip } from './clip.ts';
import { ditctrl } from './ditctrl.ts';
import { videoEdit } from './video-edit.ts';
import type { VideoMethod } from './videomethod.ts';

/** Every method for videos, one line each. */
export const videoMethods: readonly VideoMethod[] = [clip, ditctrl, videoEdit];
