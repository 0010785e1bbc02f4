/** A rectangle of whole pixels; `right` and `bottom` are the first ones outside. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const NO_BOX: Box = { left: 0, top: 0, right: 0, bottom: 0 };

export const isEmpty = ({ left, top, right, bottom }: Box): boolean => right <= left || bottom <= top;

/** The smallest rectangle around both; an empty one adds nothing. */
export function joined(a: Box, b: Box): Box {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

/** The part inside a picture, in whole pixels. */
export function clipped(box: Box, { width, height }: { readonly width: number; readonly height: number }): Box {
  const left = Math.max(0, Math.floor(box.left));
  const top = Math.max(0, Math.floor(box.top));
  const right = Math.min(width, Math.ceil(box.right));
  const bottom = Math.min(height, Math.ceil(box.bottom));
  return right <= left || bottom <= top ? NO_BOX : { left, top, right, bottom };
}

/** Wider by `by` on every side. */
export const widened = ({ left, top, right, bottom }: Box, by: number): Box => ({
  left: left - by,
  top: top - by,
  right: right + by,
  bottom: bottom + by,
});
