import type { Pixels } from '../../engine/index.ts';
import type { EditCase } from './cases.ts';
import { dilate } from './foreground.ts';
import { type Judge, matches, type Region } from './judge.ts';
import type { Scene, World } from './world.ts';

/** What one edit did, judged against the world's truth. */
export interface EditFigures {
  /** The edited cell shows the wanted object in the wanted colour. */
  readonly success: boolean;
  readonly object: boolean;
  readonly colour: boolean;
  /** The other sprite is still read as it was in the source. */
  readonly otherKept: boolean;
  /** The place is still read as it was. */
  readonly placeKept: boolean;
  /** PSNR in dB outside source and target silhouettes grown by 16 px, against the codec's reconstruction of the source. */
  readonly backgroundDb: number;
}

/** The decoder's own reach beyond what changes in the latents, in pixels. */
const GROWN_PX = 16;

export function measureEdit(
  world: World,
  judge: Judge,
  edit: EditCase,
  result: Pixels,
  reconstruction: Pixels,
): EditFigures {
  const regions = judge.regions(edit.source);
  // Of the model's own pictures nobody knows the roll but the judge; of true renders it reads the true one.
  const place = judge.place(reconstruction);
  const front = judge.foreground(result, place);
  const read = (index: number) => {
    const region = regions[index] as Region; // regions has one entry for each object of the scene
    return judge.object(result, front, region);
  };
  const wanted = edit.target.objects[edit.edited];
  const other = edit.target.objects[1 - edit.edited];
  if (wanted === undefined || other === undefined) throw new Error('an edit case has two objects');
  const found = matches(read(edit.edited), wanted);
  const kept = matches(read(1 - edit.edited), other);
  const seen = judge.place(result);
  return {
    success: found.object && found.colour,
    object: found.object,
    colour: found.colour,
    otherKept: kept.object && kept.colour,
    placeKept: seen.place === place.place,
    backgroundDb: psnrOutside(result, reconstruction, grownTruth(world, edit)),
  };
}

/**
 * Union of the edited object's silhouettes before and after, grown by 16 px; at every cell of its position word, since the model's own
 * pictures may have it at any of them.
 */
function grownTruth(world: World, edit: EditCase): Uint8Array {
  const { width, height } = world.file.canvas;
  const union = new Uint8Array(width * height);
  for (const scene of [edit.source, edit.target]) {
    const object = scene.objects[edit.edited];
    if (object === undefined) continue;
    const cells = edit.cellIsKnown
      ? [object.cell]
      : (world.file.positions.find(({ name }) => name === object.position)?.cells ?? []);
    for (const cell of cells)
      for (const [i, value] of world.silhouette({ ...object, cell }).data.entries()) if (value > 0) union[i] = 1;
  }
  return dilate(union, width, height, GROWN_PX);
}

/** Whether the judge reads every object of a scene in a picture of it. */
export function isReadable(judge: Judge, scene: Scene, picture: Pixels): boolean {
  const place = judge.place(picture);
  const front = judge.foreground(picture, place);
  return (
    place.place === scene.place &&
    judge.regions(scene).every((region, at) => {
      const wanted = scene.objects[at];
      if (wanted === undefined) return false;
      const found = matches(judge.object(picture, front, region), wanted);
      return found.object && found.colour;
    })
  );
}

/** PSNR of the RGB values where `mask` is 0; 99 dB for equal pixels. */
function psnrOutside(a: Pixels, b: Pixels, mask: Uint8Array): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] !== 0) continue;
    for (let c = 0; c < 3; c++) {
      const d = (a.data[i * a.channels + c] ?? 0) - (b.data[i * b.channels + c] ?? 0);
      sum += d * d;
      count++;
    }
  }
  return sum === 0 ? 99 : 10 * Math.log10((255 * 255 * count) / sum);
}

export interface Score {
  readonly cases: number;
  readonly success: number;
  readonly otherKept: number;
  readonly placeKept: number;
  readonly backgroundDb: number;
  /** min(1, (PSNR - 15) / 20), averaged over the cases. */
  readonly preservation: number;
  /** Harmonic mean of success and preservation. */
  readonly harmonic: number;
}

export function score(figures: readonly EditFigures[]): Score {
  const mean = (value: (figure: EditFigures) => number) =>
    figures.reduce((sum, figure) => sum + value(figure), 0) / Math.max(1, figures.length);
  const success = mean((figure) => Number(figure.success));
  const preservation = mean((figure) => Math.min(1, Math.max(0, (figure.backgroundDb - 15) / 20)));
  return {
    cases: figures.length,
    success,
    otherKept: mean((figure) => Number(figure.otherKept)),
    placeKept: mean((figure) => Number(figure.placeKept)),
    backgroundDb: mean((figure) => figure.backgroundDb),
    preservation,
    harmonic: success + preservation === 0 ? 0 : (2 * success * preservation) / (success + preservation),
  };
}
