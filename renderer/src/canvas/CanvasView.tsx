import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { setCanvasHandle } from '../actions/actions.ts';
import { maskController } from '../state/mask.ts';
import { useView } from '../state/view.ts';
import { CompareSlider } from './CompareSlider.tsx';
import { CursorLayer } from './CursorLayer.tsx';
import { canvasHandle } from './commands.ts';
import { holdSource } from './compare.ts';
import { escapeKeyboard, onStageKey } from './keyboard.ts';
import { MaskLayer } from './MaskLayer.tsx';
import { setOverlay, useOverlay } from './overlay.ts';
import { PictureLayer } from './PictureLayer.tsx';
import { attachPointers } from './pointers.ts';
import { RegionLayer } from './RegionLayer.tsx';
import type { Scene } from './scene.ts';
import { setPicture, setStageSize, useStage } from './stage.ts';

/** The picture with everything over it, and what hand and keys do on it. */
export function CanvasView({ scene }: { readonly scene: Scene }) {
  const { t } = useTranslation();
  const stage = useRef<HTMLDivElement>(null);
  const tool = useView((view) => view.tool);
  const isSlider = useView((view) => view.compare === 'slider');
  const { picture, source, over } = scene;
  useEffect(() => {
    setOverlay({ cursor: null, figure: [] });
    setPicture(picture);
    return escapeKeyboard;
  }, [picture]);
  // What one tool began is not ended by another.
  useEffect(() => escapeKeyboard, [tool]);
  useEffect(() => {
    const element = stage.current;
    if (element === null) return;
    const sizes = new ResizeObserver(() => setStageSize({ width: element.clientWidth, height: element.clientHeight }));
    sizes.observe(element);
    const detach = attachPointers(element);
    setCanvasHandle(canvasHandle);
    return () => {
      sizes.disconnect();
      detach();
      setCanvasHandle(undefined);
    };
  }, []);
  const onKeyDown = (event: KeyboardEvent) => (isHoldKey(event) ? holdSource(true) : onStageKey(event));
  return (
    <div
      ref={stage}
      className={`canvas-stage canvas-tool-${tool}`}
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes the keys itself
      tabIndex={0}
      aria-label={t('canvas.label')}
      aria-describedby="canvas-help canvas-position"
      onKeyDown={onKeyDown}
      onKeyUp={(event) => isHoldKey(event) && holdSource(false)}
      onBlur={() => holdSource(false)}
    >
      <p id="canvas-help" className="canvas-hidden">
        {t(`canvas.help.${tool}`)}
      </p>
      <Paper />
      <PictureLayer scene={scene} />
      <MaskLayer />
      <RegionLayer />
      <CursorLayer />
      {isSlider && picture !== null && source !== null && over !== null && <CompareSlider picture={picture} />}
      <CursorText />
    </div>
  );
}

const isHoldKey = ({ key, ctrlKey, metaKey }: KeyboardEvent) => key === '\\' && !ctrlKey && !metaKey;

/** The ground under pictures that are clear in places. */
function Paper() {
  const { picture, placement } = useStage();
  if (picture === null) return null;
  const { scale, x, y } = placement;
  return (
    <div
      className="canvas-paper"
      // Not a part of a pixel more than the picture covers.
      style={{
        width: Math.floor(picture.width * scale),
        height: Math.floor(picture.height * scale),
        transform: `translate(${x}px, ${y}px)`,
      }}
    />
  );
}

const SAY_AFTER_MS = 350;

/** Says where the keyboard's cursor came to rest. */
function CursorText() {
  const { t } = useTranslation();
  const cursor = useOverlay((overlay) => overlay.cursor);
  const [text, setText] = useState('');
  useEffect(() => {
    if (cursor === null) return setText('');
    const timer = setTimeout(() => {
      const [x, y] = [Math.floor(cursor.x), Math.floor(cursor.y)];
      const { width, data } = maskController.mask;
      setText(t(data[y * width + x]! >= 128 ? 'canvas.cursorInMask' : 'canvas.cursorOutside', { x, y }));
    }, SAY_AFTER_MS);
    return () => clearTimeout(timer);
  }, [cursor, t]);
  return (
    <output id="canvas-position" className="canvas-hidden" aria-live="polite">
      {text}
    </output>
  );
}
