/**
 * Stage 0: draws the world's two atlases and writes world.json. Run it in a folder where the packages of
 * README.md are installed; the result is committed, so training never needs them.
 *
 *   node make.mjs <output folder>
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { renderEmoji, resizeSquare } from './emoji.mjs';
import { PLACES, paintPlace, SIDE } from './places.mjs';
import { recolour } from './recolour.mjs';
import { COLOURS, OBJECTS, SPRITE, worldDescription } from './world.mjs';

const out = process.argv[2] ?? path.join(import.meta.dirname, '..', 'world');
await mkdir(out, { recursive: true });

const columns = COLOURS.length + 1;
const sprites = Buffer.alloc(columns * SPRITE * OBJECTS.length * SPRITE * 4);
for (const [row, object] of OBJECTS.entries()) {
  const large = await renderEmoji(object.emoji, 160);
  const variants = [large.data, ...COLOURS.map((c) => recolour(large.data, c.target, object.recolour))];
  for (const [column, data] of variants.entries()) {
    const small = await resizeSquare({ size: 160, data }, SPRITE);
    for (let y = 0; y < SPRITE; y++) {
      const target = ((row * SPRITE + y) * columns + column) * SPRITE * 4;
      small.data.copy(sprites, target, y * SPRITE * 4, (y + 1) * SPRITE * 4);
    }
  }
}
const atlas = sharp(sprites, { raw: { width: columns * SPRITE, height: OBJECTS.length * SPRITE, channels: 4 } });
await atlas.png({ compressionLevel: 9 }).toFile(path.join(out, 'sprites.png'));

const places = Buffer.concat(PLACES.map(paintPlace));
await sharp(places, { raw: { width: SIDE, height: SIDE * PLACES.length, channels: 3 } })
  .png({ compressionLevel: 9 })
  .toFile(path.join(out, 'places.png'));

await writeFile(path.join(out, 'world.json'), `${JSON.stringify(worldDescription(), null, 2)}\n`);
