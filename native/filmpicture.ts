import type { Size } from '../contract/index.ts';
import { type Env, guestOutput, requireFfmpeg } from './ffmpeg.ts';
import type { ProbedStream } from './filmprobe.ts';

/** How a track's stored pictures become what a player shows: upright, of square pixels, whole frames, SDR. */

const isTurned = ({ side_data_list = [], tags = {} }: ProbedStream): boolean => {
  const degrees = side_data_list.find(({ rotation }) => rotation !== undefined)?.rotation ?? Number(tags.rotate ?? 0);
  return Math.abs((Math.abs(degrees) % 180) - 90) < 1;
};

/** Size as shown. Pixels that are not square are stretched along their longer side, so that none is lost. Undefined where none is said. */
export function shownSize(stream: ProbedStream): Size | undefined {
  const { width = 0, height = 0, sample_aspect_ratio = '' } = stream;
  if (!(width > 0 && height > 0)) return undefined;
  const [across = 0, down = 0] = sample_aspect_ratio.split(':').map(Number);
  const aspect = across > 0 && down > 0 ? across / down : 1;
  const shown =
    aspect >= 1 ? { width: Math.round(width * aspect), height } : { width, height: Math.round(height / aspect) };
  return isTurned(stream) ? { width: shown.height, height: shown.width } : shown;
}

/** What players call HDR. */
const HDR: Readonly<Record<string, string>> = { 'arib-std-b67': 'HLG', smpte2084: 'PQ' };
const WIDE = new Set(['bt2020', 'smpte431', 'smpte432']);

export interface Picture {
  /** ffmpeg's filters, in order, after its own turning. They end in pictures of `size`. */
  readonly filters: readonly string[];
  /** Sentences about what is not as in the film. */
  readonly notices: readonly string[];
}

/** Throws 'media-invalid' where ffmpeg cannot be asked what it can do. */
export async function pictureOf(file: string, stream: ProbedStream, size: Size, env: Env): Promise<Picture> {
  const { color_transfer = '', color_primaries = '', pix_fmt = '' } = stream;
  const notices: string[] = [];
  const interlaced = ['tt', 'bb', 'tb', 'bt'].includes(stream.field_order ?? '');
  // Turned fields lie side by side, which no filter takes apart.
  const filters = interlaced && !isTurned(stream) ? ['yadif=mode=send_frame:deint=interlaced'] : [];
  const hdr = HDR[color_transfer];
  if (hdr !== undefined || WIDE.has(color_primaries)) {
    const kind = hdr === undefined ? 'has colours beyond those of SDR' : `is HDR (${hdr})`;
    if (await canConvert(file, env)) {
      filters.push(...toSdr(stream, hdr !== undefined));
      if (hdr !== undefined)
        notices.push(`${file} ${kind}; its colours were brought to SDR, in which clips are edited and written.`);
    } else
      notices.push(
        `${file} ${kind}, and this ffmpeg cannot bring it to SDR (it has no zscale filter), so that its colours are pale; convert it first, or use an ffmpeg with zscale.`,
      );
  }
  if (stream.tags?.alpha_mode === '1' || stream.tags?.ALPHA_MODE === '1' || /^yuva|rgba|argb|bgra|abgr/.test(pix_fmt))
    notices.push(`${file} is transparent in places; its transparency is left out.`);
  const matrix = matrixOf(stream);
  filters.push(`scale=${size.width}:${size.height}${matrix === undefined ? '' : `:in_color_matrix=${matrix}`}`);
  return { filters, notices };
}

/** Where a film does not say, large pictures are BT.709 and small ones BT.601, as players have it; ffmpeg takes BT.601 for all. */
function matrixOf({ color_space = 'unknown', width = 0, height = 0 }: ProbedStream): 'bt709' | undefined {
  return color_space === 'unknown' && (width >= 1280 || height > 576) ? 'bt709' : undefined;
}

/**
 * Linear light, primaries of BT.709, what is brighter than 100 cd/m² rolled off, the transfer of BT.709. What the film leaves unsaid is as
 * in BT.2100.
 */
function toSdr({ color_space, color_transfer, color_primaries, color_range }: ProbedStream, isHdr: boolean): string[] {
  const known = (value: string | undefined, otherwise: string) =>
    value === undefined || ['unknown', 'reserved'].includes(value) ? otherwise : value;
  const said = [
    `colorspace=${known(color_space, 'bt2020nc')}`,
    `color_primaries=${known(color_primaries, 'bt2020')}`,
    `color_trc=${known(color_transfer, 'bt709')}`,
    `range=${known(color_range, 'tv')}`,
  ];
  return [
    `setparams=${said.join(':')}`,
    'zscale=t=linear:npl=100',
    'format=gbrpf32le',
    'zscale=p=bt709',
    ...(isHdr ? ['tonemap=tonemap=mobius:desat=0'] : []),
    'zscale=t=bt709:m=gbr:r=pc',
    'format=gbrp',
  ];
}

async function canConvert(file: string, env: Env): Promise<boolean> {
  const about = { file, what: 'cannot be decoded' };
  const { bytes } = await guestOutput(requireFfmpeg(env, file), ['-filters'], about, 1024 * 1024);
  const listed = new TextDecoder().decode(bytes);
  return [' zscale ', ' tonemap '].every((name) => listed.includes(name));
}
