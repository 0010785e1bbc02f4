import { describe, expect, it } from 'vitest';
import { type Brush, paintSegment, type Point } from './brush.ts';
import { copyOf, coverageOf, emptyMask, fill, type Mask } from './mask.ts';
import { fillPolygon, fillRectangle } from './shapes.ts';

const soft: Brush = { size: 20, feather: 0.5, isEraser: false };
const at = ({ width, data }: Mask, x: number, y: number) => data[y * width + x];
const points = (...numbers: readonly (readonly [number, number])[]): Point[] => numbers.map(([x, y]) => ({ x, y }));

describe('the brush', () => {
  it('paints its size, and fades over its feather', () => {
    const mask = emptyMask(64, 64);
    paintSegment(mask, { x: 32, y: 32 }, { x: 32, y: 32 }, soft);
    expect(at(mask, 32, 32)).toBe(255);
    expect(at(mask, 35, 32)).toBe(255);
    const edge = [36, 37, 38, 39, 40, 41].map((x) => at(mask, x, 32)!);
    expect(edge).toEqual([...edge].sort((a, b) => b - a));
    expect(new Set(edge).size).toBe(edge.length);
    expect(at(mask, 43, 32)).toBe(0);
    expect(coverageOf(mask) * 64 * 64).toBeCloseTo(Math.PI * 7.5 ** 2, -1.5);
  });

  it('has the area of a disc without feather', () => {
    const mask = emptyMask(64, 64);
    paintSegment(mask, { x: 32, y: 32 }, { x: 32, y: 32 }, { ...soft, feather: 0 });
    expect(coverageOf(mask) * 64 * 64).toBeCloseTo(Math.PI * 100, -0.5);
  });

  it('takes one pixel at size 1', () => {
    const mask = emptyMask(5, 5);
    paintSegment(mask, { x: 2.5, y: 2.5 }, { x: 2.5, y: 2.5 }, { size: 1, feather: 0, isEraser: false });
    expect(at(mask, 2, 2)).toBe(255);
    expect([...mask.data].filter((value) => value > 0)).toHaveLength(1);
  });

  it('does not thicken where it goes twice', () => {
    const once = emptyMask(80, 40);
    paintSegment(once, { x: 10, y: 20 }, { x: 70, y: 20 }, soft);
    const often = emptyMask(80, 40);
    for (let x = 10; x < 70; x += 2) paintSegment(often, { x, y: 20 }, { x: x + 2, y: 20 }, soft);
    paintSegment(often, { x: 70, y: 20 }, { x: 10, y: 20 }, soft);
    expect(often).toEqual(once);
  });

  it('touches nothing outside the rectangle it names', () => {
    const mask = emptyMask(200, 120);
    const box = paintSegment(mask, { x: 20, y: 30 }, { x: 170, y: 90 }, soft);
    const rest = copyOf(mask);
    fillRectangle(rest, { x: box.left, y: box.top }, { x: box.right, y: box.bottom }, 0);
    expect(coverageOf(mask)).toBeGreaterThan(0);
    expect(coverageOf(rest)).toBe(0);
    expect(box.left).toBeGreaterThan(5);
    expect(box.bottom).toBeLessThan(105);
  });

  it('leaves no gap on a long way', () => {
    const mask = emptyMask(400, 300);
    paintSegment(mask, { x: 5, y: 5 }, { x: 395, y: 295 }, { size: 3, feather: 0, isEraser: false });
    for (let step = 0; step <= 100; step++)
      expect(at(mask, Math.floor(5 + 3.9 * step), Math.floor(5 + 2.9 * step))).toBeGreaterThan(200);
  });

  it('stays inside the picture', () => {
    const mask = emptyMask(30, 30);
    expect(paintSegment(mask, { x: -5, y: -5 }, { x: 40, y: 3 }, soft)).toMatchObject({ left: 0, top: 0, right: 30 });
    expect(paintSegment(mask, { x: 100, y: 100 }, { x: 120, y: 100 }, soft)).toEqual({ left: 0, top: 0, right: 0, bottom: 0 });
  });

  it('erases what it painted but for its soft edge, and a larger eraser everything', () => {
    const mask = emptyMask(64, 64);
    paintSegment(mask, { x: 32, y: 32 }, { x: 32, y: 32 }, soft);
    paintSegment(mask, { x: 32, y: 32 }, { x: 32, y: 32 }, { ...soft, isEraser: true });
    expect(at(mask, 32, 32)).toBe(0);
    expect(coverageOf(mask)).toBeGreaterThan(0);
    paintSegment(mask, { x: 32, y: 32 }, { x: 32, y: 32 }, { size: 40, feather: 0, isEraser: true });
    expect(coverageOf(mask)).toBe(0);
  });
});

describe('figures', () => {
  it('fill a polygon by the even-odd rule', () => {
    const mask = emptyMask(20, 20);
    fillPolygon(mask, points([2, 2], [18, 2], [18, 18], [2, 18]), 255);
    expect(coverageOf(mask) * 400).toBeCloseTo(256, 5);
    const star = emptyMask(40, 40);
    fillPolygon(star, points([20, 2], [31, 36], [3, 14], [37, 14], [9, 36]), 255);
    expect(at(star, 20, 20)).toBe(0);
    expect(at(star, 20, 8)).toBe(255);
  });

  it('fill a rectangle whichever corner comes first, and nothing outside the picture', () => {
    const mask = emptyMask(10, 10);
    expect(fillRectangle(mask, { x: 14, y: 8 }, { x: 6, y: 4.4 }, 255)).toEqual({ left: 6, top: 4, right: 10, bottom: 8 });
    expect(coverageOf(mask) * 100).toBeCloseTo(16, 5);
    fill(mask, 255);
    fillRectangle(mask, { x: 0, y: 0 }, { x: 10, y: 5 }, 0);
    expect(coverageOf(mask)).toBeCloseTo(0.5, 5);
  });

  it('take no points', () => {
    expect(fillPolygon(emptyMask(4, 4), [], 255)).toEqual({ left: 0, top: 0, right: 0, bottom: 0 });
  });
});
