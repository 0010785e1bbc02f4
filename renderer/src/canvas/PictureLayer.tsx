import { useEffect, useRef } from 'react';
import { useView, type View } from '../state/view.ts';
import { reducedFor } from './reduced.ts';
import type { Drawable, Scene } from './scene.ts';
import { type Stage, useStage } from './stage.ts';

/** Above this zoom pixels are shown as the squares that they are. */
export const PIXELS_ABOVE = 2;

/** Source, result and map, drawn at the resolution of the screen. */
export function PictureLayer({ scene }: { readonly scene: Scene }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useStage();
  const view = useView();
  useEffect(() => {
    const frame = requestAnimationFrame(() => canvas.current && draw(canvas.current, scene, stage, view));
    return () => cancelAnimationFrame(frame);
  }, [scene, stage, view]);
  return <canvas ref={canvas} className="canvas-picture" aria-hidden data-testid="picture" />;
}

function draw(canvas: HTMLCanvasElement, scene: Scene, { stage, placement }: Stage, view: View): void {
  const ratio = window.devicePixelRatio;
  const width = Math.max(1, Math.round(stage.width * ratio));
  const height = Math.max(1, Math.round(stage.height * ratio));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  if (scene.picture === null) return;
  const scale = placement.scale * ratio;
  context.setTransform(scale, 0, 0, scale, placement.x * ratio, placement.y * ratio);
  context.imageSmoothingQuality = 'high';
  drawScene(context, scene, scene.picture, view);
}

function drawScene(
  context: CanvasRenderingContext2D,
  { source, over, difference, heat }: Scene,
  { width, height }: { readonly width: number; readonly height: number },
  { layers, compare, comparePosition, resultOpacity }: View,
): void {
  const scale = context.getTransform().a;
  const isSharp = scale > PIXELS_ABOVE;
  // What is coarser than the picture, as previews and maps are, was never meant as squares.
  const put = (image: Drawable | null, opacity = 1) => {
    if (image === null) return;
    context.globalAlpha = opacity;
    context.imageSmoothingEnabled = !isSharp || Number(image.width) < width;
    context.drawImage(reducedFor(image, Math.max(width, height) * scale), 0, 0, width, height);
  };
  if (compare === 'difference' && difference !== null) {
    put(difference);
    return;
  }
  // What is compared is shown whole, whatever the layers say.
  const isCompared = compare !== 'off' && source !== null && over !== null;
  if (layers.source || isCompared) put(source);
  if (compare === 'slider' && isCompared) {
    context.save();
    context.beginPath();
    context.rect(width * comparePosition, 0, width, height);
    context.clip();
    context.clearRect(0, 0, width, height);
    put(over);
    context.restore();
  } else if (layers.result && !(compare === 'hold' && isCompared)) put(over, resultOpacity);
  put(heat);
}
