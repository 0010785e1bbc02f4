import { expect, it } from 'vitest';
import { EMPTY_DOCUMENT } from '../state/document.ts';
import { encodeEntry, replay } from '../state/journal.ts';
import { emptyMaskBytes } from './codec.ts';
import { MaskController } from './controller.ts';
import { fillRectangle } from './shapes.ts';

const replayOn = (controller: MaskController) => ({
  load: (bytes: Uint8Array) => controller.load(bytes),
  apply: (patch: Uint8Array) => controller.apply(patch),
  save: () => controller.save(),
});

it('is the same mask after its journal was read again, with undone and redone strokes', () => {
  const entries: Uint8Array[] = [];
  const patches: Uint8Array[] = [];
  const painted = new MaskController((label, patch) => {
    patches.push(patch);
    entries.push(encodeEntry({ type: 'do', command: { kind: 'mask', label, patch } }));
  });
  const open = (width: number, height: number) => {
    const [maskBefore, maskAfter] = [painted.save(), emptyMaskBytes(width, height)];
    painted.load(maskAfter);
    const command = { kind: 'open', label: 'open', before: {}, after: {}, maskBefore, maskAfter } as const;
    entries.push(encodeEntry({ type: 'do', command }));
  };
  const step = (type: 'undo' | 'redo') => {
    painted.apply(patches.at(-1)!);
    entries.push(encodeEntry({ type }));
  };
  open(90, 70);
  painted.begin('brush', { size: 15, feather: 0.5, isEraser: false }, { x: 10, y: 10 });
  painted.extend({ x: 80, y: 60 });
  painted.end();
  const first = painted.save();
  open(50, 120);
  painted.change('rectangle', (mask) => fillRectangle(mask, { x: 5, y: 5 }, { x: 30, y: 100 }, 255));
  painted.command('feather', 6);
  step('undo');
  step('redo');
  painted.command('invert', 0);
  step('undo');

  const restored = new MaskController(() => {});
  const { undo } = replay(entries, EMPTY_DOCUMENT, replayOn(restored));
  expect(restored.save()).toEqual(painted.save());
  expect(restored.coverage).toBeGreaterThan(0);
  expect(undo.done).toBe(undo.commands.length - 1);

  // Back over the opening of the second picture: the first one's mask is there again.
  replay(
    [...entries, ...['undo', 'undo', 'undo'].map(() => encodeEntry({ type: 'undo' }))],
    EMPTY_DOCUMENT,
    replayOn(restored),
  );
  expect(restored.save()).toEqual(first);
});
