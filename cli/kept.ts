import type { EditRequest } from '../contract/index.ts';
import type { Target } from './output.ts';
import type { LoadedSource } from './source.ts';

type VideoFormat = Extract<Target, { readonly kind: 'video' }>['format'];

/** What of a clip goes on in the video that is made of it, besides its pictures. */
export interface Kept extends Pick<LoadedSource, 'seconds' | 'sound'> {
  /** Sentences about what does not. */
  readonly notices: readonly string[];
}

const FORMS: Readonly<Record<VideoFormat, string>> = {
  frames: 'a folder of frames',
  gif: 'a GIF',
  webp: 'an animated WebP',
  mp4: 'MP4',
  webm: 'WebM',
};

/**
 * Times of frames are kept where the request does not ask for another rate and the form has them; sound, where the frames keep their times
 * and the form has sound.
 */
export function keptOf(loaded: LoadedSource | undefined, { fps }: Pick<EditRequest, 'fps'>, target: Target): Kept {
  if (loaded === undefined) return { notices: [] };
  const { ref, source, seconds, sound } = loaded;
  const notices = [...loaded.notices];
  if (!('frames' in source) || target.kind === 'picture') return { notices };
  const { format } = target;
  const isSameRate = fps === undefined || fps === source.fps;
  const hasSound = format === 'mp4' || format === 'webm';
  if (sound !== undefined && !hasSound)
    notices.push(`The sound of ${ref.name} is left out, which ${FORMS[format]} cannot hold; MP4 and WebM can.`);
  else if (sound !== undefined && !isSameRate)
    notices.push(`The sound of ${ref.name} is left out, since the video runs at another rate than the clip.`);
  if (seconds !== undefined && !isSameRate)
    notices.push(`The frames of ${ref.name} are shown unequally long; in the video all last equally, as --fps asks.`);
  else if (seconds !== undefined && format === 'frames')
    notices.push(`The frames of ${ref.name} are shown unequally long, which a folder of frames cannot say.`);
  return {
    ...(seconds !== undefined && isSameRate && { seconds }),
    ...(sound !== undefined && hasSound && isSameRate && { sound }),
    notices,
  };
}
