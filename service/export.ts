import type { ExportFormat, ExportOptions, HistoryEntry, MediaInfo } from '../contract/index.ts';
import { AttuneError, type ImageFormat, writeMetadata } from '../engine/index.ts';
import { DEFAULT_PATTERN, fileNameFrom } from './names.ts';
import { decodedBytes, type MediaStore } from './store/media.ts';

export interface Exported {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
  /** Sentences about what could not be kept. */
  readonly notices: string[];
}

const ENDINGS: Readonly<Record<ExportFormat, string>> = { png: '.png', jpeg: '.jpg', webp: '.webp', avif: '.avif' };

/** A result as a file of another format, named by the pattern. Throws 'request-invalid' for a format that the codec lacks. */
export async function exportResult(entry: HistoryEntry, options: ExportOptions, media: MediaStore): Promise<Exported> {
  if (entry.result.frames !== undefined)
    throw new AttuneError('request-invalid', 'This result is a video; export it from the page Video.', { field: 'id' });
  const { format, quality, withMetadata } = options;
  const stored = await media.get(entry.result.ref.sha256);
  // PNG keeps every pixel, and the stored file is one without metadata.
  const encoded = format === 'png' ? stored.bytes : await encode(stored.bytes, format, quality, media, entry.result);
  const written = withMetadata ? writeMetadata(encoded, format as ImageFormat, entry.record) : undefined; // encoded above
  return {
    name: exportName(entry, options),
    type: `image/${format}`,
    bytes: new Uint8Array(written?.bytes ?? encoded),
    notices: [...(written?.notices ?? [])],
  };
}

/** What the exported file is called. */
export const exportName = (entry: HistoryEntry, { format, pattern = DEFAULT_PATTERN }: ExportOptions): string =>
  `${fileNameFrom(pattern, factsOf(entry))}${ENDINGS[format]}`;

async function encode(
  bytes: Uint8Array,
  format: ExportFormat,
  quality: number | undefined,
  media: MediaStore,
  size: MediaInfo,
): Promise<Uint8Array> {
  const { codec, turns } = media;
  const encoded = await turns.take(decodedBytes(size), async (): Promise<Uint8Array | undefined> => {
    const pixels = await codec.decode(bytes, 'the result');
    // The codec may know fewer formats than the contract: it then gives nothing.
    return codec.encode(pixels, format as ImageFormat, quality);
  });
  if (encoded !== undefined) return encoded;
  throw new AttuneError('request-invalid', `${format.toUpperCase()} cannot be written yet; choose PNG, WebP or JPEG.`, {
    field: 'format',
  });
}

/** What a file's name can say of a result. */
export function factsOf({ record, createdMs, result }: Pick<HistoryEntry, 'record' | 'createdMs' | 'result'>) {
  const { request, sampler, checkpoint } = record;
  return {
    seed: request.seed,
    steps: request.steps,
    guidance: request.guidance,
    width: result.width,
    height: result.height,
    sampler: sampler.commonName,
    checkpoint: checkpoint.name,
    method: request.method,
    prompt: request.prompt,
    date: new Date(createdMs),
  };
}
