import type { RunEvent } from '../../contract/index.ts';
import type { FrameMap } from '../denoise/report.ts';
import { toRgb } from '../media/pixels.ts';
import { onEmpty, putBack, type Rectangle } from '../media/region.ts';
import { resample } from '../media/resample.ts';
import type { Pixels } from '../ports.ts';

/** Longest side of what is shown while a run goes on. */
const SHOWN_SIDE = 1024;

/** Shows what a run tells of its region on the whole picture, reduced. */
export class OnPicture {
  readonly #shown: Pixels;
  readonly #place: Rectangle;

  /** @param picture the source, of which `region` is worked on */
  constructor(picture: Pixels, region: Rectangle) {
    const scale = Math.min(1, SHOWN_SIDE / Math.max(picture.width, picture.height));
    const scaled = (length: number) => Math.max(1, Math.round(length * scale));
    const coarse = everyOf(picture, Math.floor(1 / scale / 2));
    this.#shown = toRgb(resample(coarse, scaled(picture.width), scaled(picture.height)));
    const [x, y] = [Math.floor(region.x * scale), Math.floor(region.y * scale)];
    this.#place = {
      x,
      y,
      width: Math.min(this.#shown.width - x, scaled(region.width)),
      height: Math.min(this.#shown.height - y, scaled(region.height)),
    };
  }

  event(event: RunEvent): RunEvent {
    if (event.kind === 'preview') return { ...event, image: this.#preview(event.image) };
    return event.kind === 'map' ? { ...event, map: this.#map(event.map) } : event;
  }

  map(map: FrameMap): FrameMap {
    return { ...map, image: this.#map(map.image) };
  }

  #preview(image: Pixels): Pixels {
    return putBack(this.#shown, this.#part(toRgb(image)), this.#place);
  }

  /** One channel; 0 outside the region. */
  #map(map: Pixels): Pixels {
    return onEmpty(this.#shown, this.#part(map), this.#place);
  }

  #part(image: Pixels): Pixels {
    return resample(image, this.#place.width, this.#place.height);
  }
}

/** Every so many pixels of a picture, which is enough to show it small and takes a fraction of the time. */
function everyOf(picture: Pixels, step: number): Pixels {
  if (step <= 1) return picture;
  const { channels, data } = picture;
  const [width, height] = [Math.ceil(picture.width / step), Math.ceil(picture.height / step)];
  const taken = new Uint8Array(width * height * channels);
  let to = 0;
  for (let y = 0; y < picture.height; y += step)
    for (let x = 0; x < picture.width; x += step) {
      const from = (y * picture.width + x) * channels;
      for (let channel = 0; channel < channels; channel++) taken[to++] = data[from + channel]!;
    }
  return { width, height, channels, data: taken };
}
