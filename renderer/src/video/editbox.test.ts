import { expect, it } from 'vitest';
import { NO_BOX } from '../mask/box.ts';
import { boxOf, maskOf, middleOf } from './editbox.ts';

it('a box is a mask that is white inside, and is found again in it', () => {
  const box = { left: 1, top: 2, right: 4, bottom: 3 };
  const mask = maskOf(box, 5, 4);
  expect([...mask.data]).toEqual(
    [
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 255, 255, 255, 0],
      [0, 0, 0, 0, 0],
    ].flat(),
  );
  expect(boxOf(mask)).toEqual(box);
  expect(boxOf(maskOf(middleOf(9, 7), 9, 7))).toEqual(middleOf(9, 7));
  expect(boxOf(maskOf(NO_BOX, 5, 4))).toEqual(NO_BOX);
});
