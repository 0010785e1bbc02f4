import { BufferTarget, Mp4OutputFormat, Output, VideoSample, VideoSampleSource, WebMOutputFormat } from 'mediabunny';
import type { CallResult } from '../../../contract/index.ts';
import type { ClipFrames } from './frames.ts';

export type FilmFormat = 'mp4' | 'webm';

type FilmTags = CallResult<'export.tags'>;

/** The name of a description in MP4 that ffmpeg and players know; mediabunny's own is another. */
const withDescription = ({ description, ...tags }: FilmTags) => ({ ...tags, raw: { desc: description } });

/** Bits a pixel and frame: far above what the eye asks for, since a film is often worked on further. */
const BITS = 0.35;
/** A second. With fewer, small films get a level of H.264 (1b) that browsers play and do not let pages decode. */
const LEAST_BITS = 800_000;

/** H.264 and VP9 in 4:2:0 need even sides; an odd one repeats its last row or column. */
const even = (side: number) => side + (side % 2);

/**
 * A clip as a film, by the browser's own codecs: H.264 in MP4 (its index before its frames), VP9 in WebM; 8 bits 4:2:0, limited range, BT.709. Colours are
 * converted here, since an encoder that is given RGB may mark its stream as full range.
 */
export async function encodeFilm(clip: ClipFrames, format: FilmFormat, tags?: FilmTags): Promise<Uint8Array> {
  const { fps, frames } = clip;
  const [width, height] = [even(clip.width), even(clip.height)];
  const target = new BufferTarget();
  const output = new Output({
    format: format === 'mp4' ? new Mp4OutputFormat({ fastStart: 'in-memory' }) : new WebMOutputFormat(),
    target,
  });
  const bitrate = Math.max(LEAST_BITS, Math.round(width * height * fps * BITS));
  const source = new VideoSampleSource({ codec: format === 'mp4' ? 'avc' : 'vp9', bitrate });
  output.addVideoTrack(source, { frameRate: fps });
  if (tags !== undefined) output.setMetadataTags(format === 'mp4' ? withDescription(tags) : tags);
  await output.start();
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('This browser gives no canvas to read frames from.');
  for (const [index, frame] of frames.entries()) {
    context.drawImage(frame, 0, 0);
    if (width > clip.width) context.drawImage(frame, clip.width - 1, 0, 1, clip.height, clip.width, 0, 1, clip.height);
    if (height > clip.height) context.drawImage(canvas, 0, clip.height - 1, width, 1, 0, clip.height, width, 1);
    const sample = new VideoSample(toI420(context.getImageData(0, 0, width, height)), {
      format: 'I420',
      codedWidth: width,
      codedHeight: height,
      timestamp: index / fps,
      duration: 1 / fps,
      colorSpace: { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false },
    });
    await source.add(sample);
    sample.close();
  }
  await output.finalize();
  if (target.buffer === null) throw new Error('The film could not be made.');
  return new Uint8Array(target.buffer);
}

/** RGBA to planes Y, U, V of BT.709 in limited range, chroma the mean of four pixels (ITU-R BT.709-6, items 3.2 to 3.4). */
export function toI420({ width, height, data }: Pick<ImageData, 'width' | 'height' | 'data'>): Uint8Array<ArrayBuffer> {
  const plane = width * height;
  const [columns, rows] = [width / 2, height / 2];
  const out = new Uint8Array(plane + 2 * columns * rows);
  const at = (x: number, y: number, channel: number) => data[(y * width + x) * 4 + channel] ?? 0;
  const luma = (r: number, g: number, b: number) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      out[y * width + x] = Math.round(16 + (219 / 255) * luma(at(x, y, 0), at(x, y, 1), at(x, y, 2)));
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const mean = (channel: number) =>
        (at(2 * x, 2 * y, channel) +
          at(2 * x + 1, 2 * y, channel) +
          at(2 * x, 2 * y + 1, channel) +
          at(2 * x + 1, 2 * y + 1, channel)) /
        4;
      const [r, g, b] = [mean(0), mean(1), mean(2)];
      const light = luma(r, g, b);
      out[plane + y * columns + x] = Math.round(128 + (224 / 255) * ((b - light) / 1.8556));
      out[plane + columns * rows + y * columns + x] = Math.round(128 + (224 / 255) * ((r - light) / 1.5748));
    }
  return out;
}
