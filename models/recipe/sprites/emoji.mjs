/**
 * Reads Fluent emoji bodies and renders them as square RGBA pixels with straight alpha.
 * Art: Microsoft fluentui-emoji (MIT), packaged by @iconify-json/fluent-emoji.
 */

import { createRequire } from 'node:module';
import sharp from 'sharp';

const require = createRequire(import.meta.url);

/** Square RGBA image: `data` holds size*size*4 bytes, straight alpha. */
/** @typedef {{size: number, data: Buffer}} Square */

/** The icon set of the package, parsed once. */
const icons = require('@iconify-json/fluent-emoji/icons.json');

/**
 * Renders one emoji, crops it to what is not transparent, and centres it in a square.
 * @param {string} name key of the icon set, for example `red-apple`
 * @param {number} size side of the result in pixels
 * @returns {Promise<Square>}
 */
export async function renderEmoji(name, size) {
  const icon = icons.icons[name];
  if (!icon) throw new Error(`no such emoji: ${name}`);
  const width = icon.width ?? icons.width ?? 32;
  const height = icon.height ?? icons.height ?? 32;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
    `viewBox="${icon.left ?? 0} ${icon.top ?? 0} ${width} ${height}" width="256" height="256">${icon.body}</svg>`;
  const full = await sharp(Buffer.from(svg)).resize(256, 256).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const box = alphaBox(full.data, full.info.width, full.info.height);
  const side = Math.max(box.width, box.height);
  const left = Math.floor((side - box.width) / 2);
  const top = Math.floor((side - box.height) / 2);
  const cropped = await sharp(full.data, { raw: { width: 256, height: 256, channels: 4 } })
    .extract(box)
    .extend({
      left,
      top,
      right: side - box.width - left,
      bottom: side - box.height - top,
      background: { r: 0, g: 0, b: 0, alpha: 0 },
    })
    .raw()
    .toBuffer();
  return resizeSquare({ size: side, data: cropped }, size);
}

/**
 * Resizes with Lanczos on premultiplied alpha (sharp premultiplies by itself) and returns straight alpha.
 * @param {Square} image
 * @param {number} size
 * @returns {Promise<Square>}
 */
export async function resizeSquare(image, size) {
  const data = await sharp(image.data, { raw: { width: image.size, height: image.size, channels: 4 } })
    .resize(size, size, { kernel: 'lanczos3' })
    .raw()
    .toBuffer();
  return { size, data };
}

/** Smallest box that holds every pixel with alpha above 8. */
function alphaBox(data, width, height) {
  let x0 = width,
    y0 = height,
    x1 = -1,
    y1 = -1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[(y * width + x) * 4 + 3] <= 8) continue;
      x0 = Math.min(x0, x);
      x1 = Math.max(x1, x);
      y0 = Math.min(y0, y);
      y1 = Math.max(y1, y);
    }
  }
  return { left: x0, top: y0, width: x1 - x0 + 1, height: y1 - y0 + 1 };
}
