import { type Box, isEmpty, joined, NO_BOX } from './box.ts';
import { type Brush, type Point, paintSegment } from './brush.ts';
import { decodeMask, encodeMask } from './codec.ts';
import { boundsOf, copyBox, copyOf, coverageOf, emptyMask, fill, invert, type Mask, wholeOf } from './mask.ts';
import { applyPatch, changedBox, diffPatch } from './patch.ts';
import { feather, grow, shrink } from './reshape.ts';

export type MaskCommand = 'invert' | 'clear' | 'all' | 'grow' | 'shrink' | 'feather';

/** Takes in a finished change: its name and the patch that undoes it. */
export type OnMaskChange = (label: string, patch: Uint8Array) => void;

/** A stroke or a preview that is not yet a step of undo. */
interface Unfinished {
  readonly label: string;
  touched: Box;
  readonly brush?: Brush;
  last?: Point;
}

/**
 * Holds the mask of the picture that is edited. Everything that changes it goes through here: what is finished is told as a patch for undo,
 * what changed on the way as rectangles for the screen.
 */
export class MaskController {
  #mask: Mask = emptyMask(0, 0);
  /** The same without what is unfinished; always kept, since copying a large mask takes longer than a stroke may take to begin. */
  #finished: Mask = emptyMask(0, 0);
  #version = 0;
  #coverage: number | undefined;
  /** Of which version of the mask the bounds are. */
  #bounds: { readonly version: number; readonly box: Box | undefined } | undefined;
  #unfinished: Unfinished | undefined;
  readonly #onChange: OnMaskChange;
  readonly #listeners = new Set<() => void>();
  readonly #screens = new Set<(box: Box) => void>();

  constructor(onChange: OnMaskChange) {
    this.#onChange = onChange;
  }

  /** For reading only. */
  get mask(): Mask {
    return this.#mask;
  }

  /** The mask without what is unfinished; for reading only. */
  get finished(): Mask {
    return this.#finished;
  }

  /** Another number after every finished change. */
  get version(): number {
    return this.#version;
  }

  /** Mean of the finished mask, 0..1. */
  get coverage(): number {
    this.#coverage ??= coverageOf(this.finished);
    return this.#coverage;
  }

  /** The rectangle around the finished mask; undefined where it is empty. */
  get bounds(): Box | undefined {
    if (this.#bounds?.version !== this.#version)
      this.#bounds = { version: this.#version, box: boundsOf(this.#finished) };
    return this.#bounds.box;
  }

  get isPainting(): boolean {
    return this.#unfinished !== undefined;
  }

  /** Calls back after every finished change. @returns the function that ends it */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Calls back with every rectangle that changed, at once, also within a stroke. @returns the function that ends it */
  onTouched(screen: (box: Box) => void): () => void {
    this.#screens.add(screen);
    return () => this.#screens.delete(screen);
  }

  /** Puts the brush down. */
  begin(label: string, brush: Brush, point: Point): void {
    this.cancel();
    this.#unfinished = { label, touched: NO_BOX, brush };
    this.extend(point);
  }

  /** Moves the brush that is down. */
  extend(point: Point): void {
    const stroke = this.#unfinished;
    if (stroke?.brush === undefined) return;
    this.#touch(paintSegment(this.#mask, stroke.last ?? point, point, stroke.brush));
    stroke.last = point;
  }

  /** Ends a stroke or a preview: it becomes one step of undo, or none where nothing changed. */
  end(): void {
    const done = this.#unfinished;
    if (done === undefined) return;
    this.#unfinished = undefined;
    const box = changedBox(this.#finished, this.#mask, done.touched);
    if (isEmpty(box)) return;
    const patch = diffPatch(this.#finished, this.#mask, box);
    copyBox(this.#mask, this.#finished, box);
    this.#finish();
    this.#onChange(done.label, patch);
  }

  /** Takes back an unfinished stroke or preview. */
  cancel(): void {
    const given = this.#unfinished;
    if (given === undefined) return;
    this.#unfinished = undefined;
    copyBox(this.#finished, this.#mask, given.touched);
    this.#show(given.touched);
  }

  /** Changes the mask by a function that says where it did; one step of undo. */
  change(label: string, paint: (mask: Mask) => Box): void {
    this.cancel();
    this.#unfinished = { label, touched: NO_BOX };
    this.#touch(paint(this.#mask));
    this.end();
  }

  /** Changes the whole mask; `amount` is in picture pixels. */
  command(command: MaskCommand, amount: number): void {
    this.change(command, (mask) => {
      if (command === 'invert') invert(mask);
      else if (command === 'clear') fill(mask, 0);
      else if (command === 'all') fill(mask, 255);
      else if (command === 'grow') grow(mask, amount);
      else if (command === 'shrink') shrink(mask, amount);
      else feather(mask, amount);
      return wholeOf(mask);
    });
  }

  /** Shows another mask of the same size without finishing it: `end` keeps the last one, `cancel` none. */
  preview(mask: Mask, label: string): void {
    if (mask.width !== this.#mask.width || mask.height !== this.#mask.height) return;
    if (this.#unfinished?.label !== label || this.#unfinished.brush !== undefined) {
      this.cancel();
      this.#unfinished = { label, touched: NO_BOX };
    }
    this.#mask.data.set(mask.data);
    this.#touch(wholeOf(mask));
  }

  /** Puts another mask of the same size in place of this one; one step of undo. */
  replaceWith(mask: Mask, label: string): void {
    this.preview(mask, label);
    this.end();
  }

  /** Takes a mask as `save` gave it. Bytes that are no mask give an empty one: a damaged journal must still open. */
  load(bytes: Uint8Array): void {
    this.#unfinished = undefined;
    this.#mask = decodedOrEmpty(bytes);
    this.#finished = copyOf(this.#mask);
    this.#finish();
    this.#show(wholeOf(this.#mask));
  }

  /** Undoes a finished change, or does it again. */
  apply(patch: Uint8Array): void {
    this.cancel();
    const box = applyPatch(this.#mask, patch);
    if (box === undefined) return;
    copyBox(this.#mask, this.#finished, box);
    this.#finish();
    this.#show(box);
  }

  /** The whole mask as bytes, without what is unfinished. */
  save(): Uint8Array {
    return encodeMask(this.finished);
  }

  #touch(box: Box): void {
    if (isEmpty(box)) return;
    if (this.#unfinished !== undefined) this.#unfinished.touched = joined(this.#unfinished.touched, box);
    this.#show(box);
  }

  #finish(): void {
    this.#version += 1;
    this.#coverage = undefined;
    for (const listener of this.#listeners) listener();
  }

  #show(box: Box): void {
    for (const screen of this.#screens) screen(box);
  }
}

function decodedOrEmpty(bytes: Uint8Array): Mask {
  try {
    return decodeMask(bytes);
  } catch (error) {
    if (error instanceof RangeError) return emptyMask(0, 0);
    throw error;
  }
}
