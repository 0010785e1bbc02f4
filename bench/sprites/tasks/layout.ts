import { type Binary, dilate, invert } from '../foreground.ts';
import { halfOf } from '../readers.ts';
import { twoSpriteScene } from '../scenes.ts';
import { overlap } from '../similarity.ts';
import { silhouettes } from './figures.ts';
import type { Task } from './task.ts';

/** Least overlap of an object with its box. */
const IN_ITS_BOX = 0.5;
/** Foreground this near to a box is still in it, in pixels. */
const RIM_PX = 4;

/** T8: two objects in boxes; a box is the tight frame of the true sprite. */
export const layout: Task = {
  id: 'T8',
  title: 'box layout',
  success: 'both objects right, each in its box (IoU >= .5)',
  sources: ['none'],
  unseen: ['colour', 'together', 'place'],
  columns: [
    { name: 'iou', title: 'box IoU', unit: 'ratio' },
    { name: 'leak', title: 'leak', unit: 'share' },
  ],
  draw(world, dice) {
    const scene = twoSpriteScene(world, dice);
    return { targets: [scene], novel: scene };
  },
  async mark({ readers, item, pictures }) {
    const { world, judge } = readers;
    const { width, height } = world.file.canvas;
    const [scene, picture] = [item.targets[0], pictures[0]];
    if (scene === undefined || picture === undefined) throw new Error(`${item.id} has nothing to mark`);
    const look = await readers.look(picture.delivered);
    const parts = scene.objects.map((object) => {
      const half = halfOf(world, object.position);
      const inside = look.front.map((value, i) => {
        const [x, y] = [(i % width) - half.left, Math.floor(i / width) - half.top];
        return x >= 0 && y >= 0 && x < half.width && y < half.height ? value : 0;
      });
      const box = frame(silhouettes(world, [object]), width);
      return { box, iou: overlap(frame(inside, width), box), ...look.sight(object, half) };
    });
    const boxes = new Uint8Array(width * height);
    for (const { box } of parts) for (const [i, value] of box.entries()) if (value === 1) boxes[i] = 1;
    const beyond = invert(dilate(boxes, width, height, RIM_PX));
    const shown = look.front.reduce((sum, value) => sum + value, 0);
    const leaked = look.front.reduce((sum, value, i) => sum + value * (beyond[i] ?? 0), 0);
    const inPlace = parts.every(({ iou }) => iou >= IN_ITS_BOX) && judge.place(picture.delivered).place === scene.place;
    return {
      success: Number(inPlace && parts.every(({ object, colour }) => object * colour === 1)),
      second: Number(inPlace && parts.every(({ second }) => second === 1)),
      figures: {
        iou: parts.reduce((sum, { iou }) => sum + iou, 0) / parts.length,
        leak: shown === 0 ? 0 : leaked / shown,
      },
    };
  },
};

/** The tight box around what is set, filled. */
function frame(mask: Binary, width: number): Binary {
  let [x0, y0, x1, y1] = [width, mask.length, -1, -1];
  mask.forEach((value, i) => {
    if (value === 0) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
  });
  return mask.map((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return Number(x >= x0 && x <= x1 && y >= y0 && y <= y1);
  });
}
