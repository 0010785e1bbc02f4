import { expect, it } from 'vitest';
import { tidyMask } from './tidymask.ts';

it('drops specks, fills small holes, and leaves large holes and the outside alone', () => {
  const drawn = [
    '##########....#',
    '#.#....###.....',
    '###....###.....',
    '###....###...##',
    '##########...##',
    '#########.....#',
  ];
  const mask = (lines: readonly string[]) => ({
    width: 15,
    height: lines.length,
    channels: 1 as const,
    data: Uint8Array.from(lines.join(''), (mark) => (mark === '#' ? 255 : 0)),
  });
  expect(tidyMask(mask(drawn), { smallest: 0.1, largestHole: 0.1 })).toEqual(
    mask([
      '##########.....',
      '###....###.....',
      '###....###.....',
      '###....###...##',
      '##########...##',
      '#########.....#',
    ]),
  );
  const empty = mask(['...............']);
  expect(tidyMask(empty, { smallest: 0.1, largestHole: 0.1 })).toEqual(empty);
});
