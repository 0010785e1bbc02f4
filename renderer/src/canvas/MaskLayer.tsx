import { useEffect, useRef } from 'react';
import { type Box, clipped, isEmpty, widened } from '../mask/box.ts';
import { wholeOf } from '../mask/mask.ts';
import { maskController } from '../state/mask.ts';
import { useView } from '../state/view.ts';
import { PIXELS_ABOVE } from './PictureLayer.tsx';
import { useStage } from './stage.ts';
import { type Colour, finenessFor, tintOf } from './tint.ts';

/**
 * The mask over the picture, in the picture's own pixels: the browser places it, and a stroke draws the pixels it touched and no others.
 */
export function MaskLayer() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const placement = useStage((stage) => stage.placement);
  const isShown = useView(({ layers, compare }) => layers.mask && (compare === 'off' || compare === 'slider'));
  const opacity = useView((view) => view.maskOpacity);
  useEffect(() => (canvas.current === null ? undefined : drawMaskOn(canvas.current)), []);
  const { width, height } = useStage((stage) => stage.picture) ?? { width: 0, height: 0 };
  const screenPixels = (placement.scale * window.devicePixelRatio) / finenessFor({ width, height });
  return (
    <canvas
      ref={canvas}
      className="canvas-mask"
      aria-hidden
      data-testid="mask"
      style={{
        width: width * placement.scale,
        height: height * placement.scale,
        transform: `translate(${placement.x}px, ${placement.y}px)`,
        opacity,
        visibility: isShown ? 'visible' : 'hidden',
        imageRendering: screenPixels > PIXELS_ABOVE ? 'pixelated' : 'auto',
      }}
    />
  );
}

/** Keeps the canvas the same as the mask; returns the function that ends it. */
function drawMaskOn(canvas: HTMLCanvasElement): () => void {
  const context = canvas.getContext('2d');
  if (context === null) return () => {};
  let colour = accentOf(canvas);
  const draw = (box: Box) => {
    const { mask } = maskController;
    const fine = finenessFor(mask);
    const width = mask.width * fine;
    const height = mask.height * fine;
    const isResized = canvas.width !== width || canvas.height !== height;
    if (isResized) Object.assign(canvas, { width, height });
    // A pixel's neighbours may have become its edge.
    const area = isResized ? wholeOf(mask) : clipped(widened(box, 1), mask);
    if (isEmpty(area)) return;
    const columns = (area.right - area.left) * fine;
    context.putImageData(new ImageData(tintOf(mask, area, fine, colour), columns), area.left * fine, area.top * fine);
  };
  draw(wholeOf(maskController.mask));
  const ends = maskController.onTouched(draw);
  const theme = new MutationObserver(() => {
    colour = accentOf(canvas);
    draw(wholeOf(maskController.mask));
  });
  theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return () => {
    ends();
    theme.disconnect();
  };
}

/** The accent of the theme as numbers, whichever way the style sheet writes it. */
function accentOf(element: Element): Colour {
  const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  if (context === null) return [106, 91, 232];
  context.fillStyle = getComputedStyle(element).getPropertyValue('--accent').trim() || 'rgb(106 91 232)';
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}
