import type { EditRequest, Imported } from '../contract/index.ts';
import { MAX_SEED } from '../contract/index.ts';
import { type PictureMetadata, pictureFormat, readMetadata } from '../engine/index.ts';

/** What a picture says of its making, as far as Attune can use it; null for a file that says nothing. */
export function importedOf(bytes: Uint8Array): Imported | null {
  if (pictureFormat(bytes) === undefined) return null;
  const metadata = readMetadata(bytes);
  const notes = [...metadata.problems];
  if (metadata.record !== undefined) return { tool: 'Attune', request: metadata.record.request, notes };
  if (metadata.parameters !== undefined) return fromParameters(metadata.parameters, notes);
  return notes.length === 0 ? null : { tool: 'unknown', request: {}, notes };
}

/** Settings of the A1111 text that become part of a request. */
const USED = ['Steps', 'CFG scale', 'Seed', 'Size-1', 'Size-2'];

function fromParameters(parameters: NonNullable<PictureMetadata['parameters']>, notes: string[]): Imported {
  const { prompt, negative, settings } = parameters;
  const number = (key: string, min: number, max: number) => {
    const value = Number(settings.get(key));
    if (!settings.has(key)) return undefined;
    if (Number.isFinite(value) && value >= min && value <= max) return value;
    notes.push(`${key}: ${settings.get(key)} is beyond what Attune takes, and was left out.`);
    return undefined;
  };
  const whole = (value: number | undefined) => (value === undefined ? undefined : Math.round(value));
  const steps = whole(number('Steps', 1, 1000));
  const seed = whole(number('Seed', 0, MAX_SEED));
  const guidance = number('CFG scale', 0, 100);
  const [width, height] = [whole(number('Size-1', 1, 16_384)), whole(number('Size-2', 1, 16_384))];
  const others = [...settings.keys()].filter((key) => !USED.includes(key));
  if (others.length > 0) notes.push(`Not restored, since Attune's own values take their place: ${others.join(', ')}.`);
  const request: Partial<EditRequest> = {
    prompt,
    ...(negative === '' ? {} : { negative }),
    ...(steps === undefined ? {} : { steps }),
    ...(seed === undefined ? {} : { seed }),
    ...(guidance === undefined ? {} : { guidance }),
    ...(width === undefined || height === undefined ? {} : { size: { width, height } }),
  };
  return { tool: 'A1111', request, notes };
}
