import { beforeEach, describe, expect, it } from 'vitest';
import type { Box } from './box.ts';
import { emptyMaskBytes } from './codec.ts';
import { MaskController } from './controller.ts';
import { emptyMask, fill } from './mask.ts';

const brush = { size: 12, feather: 0.3, isEraser: false };

describe('the controller', () => {
  let changes: { label: string; patch: Uint8Array }[];
  let controller: MaskController;
  let touched: Box[];
  beforeEach(() => {
    changes = [];
    touched = [];
    controller = new MaskController((label, patch) => changes.push({ label, patch }));
    controller.load(emptyMaskBytes(64, 48));
    controller.onTouched((box) => touched.push(box));
  });
  const last = () => changes.at(-1)!.patch;

  it('makes one step of a stroke, shown as it goes', () => {
    let finished = 0;
    controller.subscribe(() => finished++);
    controller.begin('brush', brush, { x: 10, y: 10 });
    controller.extend({ x: 20, y: 10 });
    controller.extend({ x: 30, y: 12 });
    expect(touched).toHaveLength(3);
    expect([changes.length, finished, controller.coverage]).toEqual([0, 0, 0]);
    expect(controller.bounds).toBeUndefined();
    controller.end();
    expect(controller.bounds).toEqual({ left: 4, top: 4, right: 36, bottom: 18 });
    expect(changes.map(({ label }) => label)).toEqual(['brush']);
    expect(finished).toBe(1);
    expect(controller.coverage).toBeGreaterThan(0);
  });

  it('undoes and does again by the same patch', () => {
    controller.begin('brush', brush, { x: 10, y: 10 });
    controller.end();
    const painted = controller.save();
    controller.apply(last());
    expect(controller.save()).toEqual(emptyMaskBytes(64, 48));
    controller.apply(last());
    expect(controller.save()).toEqual(painted);
  });

  it('gives up a stroke when it is cancelled, and when undo comes in between', () => {
    controller.command('all', 0);
    const full = controller.save();
    controller.begin('eraser', { ...brush, isEraser: true }, { x: 10, y: 10 });
    expect(controller.save()).toEqual(full);
    controller.cancel();
    expect(controller.mask.data.every((value) => value === 255)).toBe(true);
    controller.begin('eraser', { ...brush, isEraser: true }, { x: 10, y: 10 });
    controller.apply(last());
    controller.end();
    expect(controller.coverage).toBe(0);
    expect(changes).toHaveLength(1);
  });

  it('makes no step of what changes nothing', () => {
    controller.command('clear', 0);
    controller.begin('eraser', { ...brush, isEraser: true }, { x: 10, y: 10 });
    controller.end();
    expect(changes).toHaveLength(0);
  });

  it('makes one step of many previews', () => {
    for (const value of [40, 90, 200]) {
      const mask = emptyMask(64, 48);
      fill(mask, value);
      controller.preview(mask, 'word');
    }
    expect(controller.coverage).toBe(0);
    controller.end();
    expect(controller.coverage).toBeCloseTo(200 / 255, 5);
    expect(changes.map(({ label }) => label)).toEqual(['word']);
    controller.apply(last());
    expect(controller.coverage).toBe(0);
  });

  it('does not take a mask of another size', () => {
    controller.replaceWith(emptyMask(10, 10), 'word');
    expect(controller.mask).toMatchObject({ width: 64, height: 48 });
  });

  it('opens with an empty mask where the journal is damaged', () => {
    controller.load(Uint8Array.of(7));
    expect(controller.mask).toMatchObject({ width: 0, height: 0 });
    controller.begin('brush', brush, { x: 1, y: 1 });
    controller.end();
    expect(changes).toHaveLength(0);
  });
});
