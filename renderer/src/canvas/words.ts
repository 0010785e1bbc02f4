import { create } from 'zustand';
import type { MediaInfo } from '../../../contract/index.ts';
import type { Point } from '../mask/brush.ts';
import { copyOf, type Mask } from '../mask/mask.ts';
import { aboveLevel, fillRegion, type RegionField } from '../mask/region.ts';
import { sentenceOf, tryCall } from '../state/connection.ts';
import { documentNow } from '../state/editor.ts';
import { maskController } from '../state/mask.ts';
import { bitmapOf } from '../state/media.ts';
import { notify, useSession } from '../state/session.ts';

interface Click {
  readonly x: number;
  readonly y: number;
  readonly value: 0 | 255;
}

/** The word by which the mask was chosen, and how it was refined. */
export interface WordChoice {
  readonly word: string | null;
  /** Where the model sees the word; null while it is looking. */
  readonly map: Mask | null;
  /** Share of the map's largest value above which a pixel is in the mask. */
  readonly level: number;
}

/** The level that the engine uses itself; see `SELECT_THRESHOLD`. */
const USUAL_LEVEL = 0.6;

export const useWordChoice = create<WordChoice>(() => ({ word: null, map: null, level: USUAL_LEVEL }));

let clicks: Click[] = [];
/** The mask's version after the last change from here: another one means that the clicks no longer tell how the mask came about. */
let ownVersion = 0;
let field: { readonly sha256: string; readonly pixels: Promise<RegionField> } | undefined;

/** Puts the place of a word in the mask. */
export async function chooseWord(word: string): Promise<void> {
  const { source, region, checkpoint, method, sourcePrompt } = documentNow();
  if (source === null) return;
  useWordChoice.setState({ word, map: null });
  const describes = useSession.getState().methods.find(({ id }) => id === method)?.inputs.sourcePrompt !== undefined;
  const prompt = describes && sourcePrompt.trim() !== '' ? { prompt: sourcePrompt } : {};
  const where = region === null ? {} : { region };
  const selection = await tryCall('select', { checkpoint, source: source.ref, word, ...where, ...prompt });
  const isLate = useWordChoice.getState().word !== word || documentNow().source?.ref.sha256 !== source.ref.sha256;
  if (isLate) return;
  if (selection === undefined) return forgetWord();
  const { width, height, data } = selection.map;
  clicks = [];
  useWordChoice.setState({ map: { width, height, data } });
  setLevel(useWordChoice.getState().level, true);
}

/** Changes how much of the map is in the mask; shown at once, one step of undo when it is final. */
export function setLevel(level: number, isFinal: boolean): void {
  const { map } = useWordChoice.getState();
  useWordChoice.setState({ level });
  if (map === null) return;
  if (maskController.version !== ownVersion) clicks = [];
  void withClicks(aboveLevel(map, level)).then((mask) => {
    // A later level has been set meanwhile, and shows itself.
    if (useWordChoice.getState().level !== level || useWordChoice.getState().map !== map) return;
    maskController.preview(mask, 'word');
    if (!isFinal) return;
    maskController.end();
    ownVersion = maskController.version;
  });
}

/** Adds what hangs together around a point and looks alike, or takes it out. */
export async function clickRegion(point: Point, isRemoved: boolean): Promise<void> {
  const { source } = documentNow();
  if (source === null) return;
  const click: Click = { x: Math.floor(point.x), y: Math.floor(point.y), value: isRemoved ? 0 : 255 };
  try {
    const pixels = await fieldOf(source);
    if (documentNow().source?.ref.sha256 !== source.ref.sha256) return;
    if (maskController.version !== ownVersion) clicks = [];
    maskController.change('word', (mask) => fillRegion(mask, pixels, click.x, click.y, click.value));
    clicks.push(click);
    ownVersion = maskController.version;
  } catch (error) {
    notify('error', sentenceOf(error));
  }
}

export function forgetWord(): void {
  clicks = [];
  useWordChoice.setState({ word: null, map: null });
}

async function withClicks(mask: Mask): Promise<Mask> {
  const { source } = documentNow();
  if (clicks.length === 0 || source === null) return mask;
  const pixels = await fieldOf(source);
  const refined = copyOf(mask);
  for (const { x, y, value } of clicks) fillRegion(refined, pixels, x, y, value);
  return refined;
}

/** The pixels that clicks look at, with the map of the word that is chosen now. */
async function fieldOf(source: MediaInfo): Promise<RegionField> {
  const { sha256 } = source.ref;
  if (field?.sha256 !== sha256) {
    const pixels = bitmapOf(source).then((bitmap) => pixelsOf(bitmap, source));
    field = { sha256, pixels };
    pixels.catch(() => {
      field = undefined;
    });
  }
  const pixels = await field.pixels;
  const { map } = useWordChoice.getState();
  const hasMap = map !== null && map.width === pixels.width && map.height === pixels.height;
  return { ...pixels, ...(hasMap && { map: map.data }) };
}

function pixelsOf(bitmap: ImageBitmap, { width, height }: MediaInfo): RegionField {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('This browser gives no canvas to read pixels from.');
  context.drawImage(bitmap, 0, 0, width, height);
  return { width, height, rgba: context.getImageData(0, 0, width, height).data };
}
