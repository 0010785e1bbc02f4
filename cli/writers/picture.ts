import { type ImageCodec, type ImageFormat, type Pixels, writeMetadata } from '../../engine/index.ts';
import { stageFile } from '../../native/files.ts';
import type { Host } from '../host.ts';
import { type FrameWriter, weighed } from './writer.ts';

export interface PictureOptions {
  readonly format: ImageFormat;
  /** Whether an earlier file may be replaced. */
  readonly replace: boolean;
  readonly codec: Pick<ImageCodec, 'encode'>;
  readonly host: Pick<Host, 'writeOut'>;
}

/** One frame as a picture file; `-` is standard output. */
export function openPicture(path: string, { format, replace, codec, host }: PictureOptions): FrameWriter {
  let picture: Pixels | undefined;
  return {
    begin({ frames }) {
      if (frames !== 1) throw new RangeError(`${frames} frames for one picture`);
    },
    async write(frame) {
      picture = frame;
    },
    async finish(record) {
      if (picture === undefined) throw new RangeError('a picture has a frame');
      const encoded = await codec.encode(picture, format);
      const about = record && writeMetadata(encoded, format, record);
      const content = about?.bytes ?? encoded;
      if (path === '-') await host.writeOut(content);
      else await (await stageFile(path, content, { replace })).commit();
      return { ...weighed(content), content, notices: about?.notices ?? [] };
    },
    async abort() {
      picture = undefined;
    },
  };
}
