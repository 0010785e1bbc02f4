import { Lock, LockOpen, Maximize2, ScanSearch } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useEditor } from '../state/editor.ts';
import { setRegion, shapesOf, useRegion } from '../state/region.ts';
import { useSession } from '../state/session.ts';
import { setView, useView } from '../state/view.ts';
import { IconButton, SelectField } from '../ui/controls.tsx';
import { inShape, shapeOf } from './frame.ts';
import type { Extent } from './placement.ts';
import { frameOf, isWhole } from './regiontool.ts';
import { useStage } from './stage.ts';

const keyOf = ({ width, height }: Extent) => `${width}x${height}`;

/** The shape of the region, and sizes that it can have at once. */
export function RegionOptions() {
  const { t } = useTranslation();
  const picture = useStage((stage) => stage.picture);
  const state = useRegion();
  const { region, checkpoint } = useEditor(({ document }) => document);
  const model = useSession(({ models }) => models.find(({ ref }) => ref === checkpoint));
  const keepsShape = useView((view) => view.keepsShape);
  if (picture === null) return null;
  const frame = frameOf(picture, state, region);
  const shapes = shapesOf(model);
  const shape = shapeOf(frame, shapes);
  const own = shape ?? shapes[0];
  return (
    <>
      <div className="canvas-option canvas-shape">
        <label htmlFor="region-shape">{t('canvas.region.shape')}</label>
        <SelectField
          id="region-shape"
          label={t('canvas.region.shape')}
          value={shape === undefined ? '' : keyOf(shape)}
          placeholder={t(isWhole(frame, picture) ? 'canvas.region.picture' : 'canvas.region.free')}
          choices={shapes.map((size) => ({ value: keyOf(size), title: t('canvas.region.size', { ...size }) }))}
          onChange={(value) => {
            const chosen = shapes.find((size) => keyOf(size) === value);
            if (chosen !== undefined) setRegion(inShape(frame, chosen, picture));
          }}
        />
      </div>
      <div className="canvas-commands">
        <IconButton
          label={t('canvas.region.keepsShape')}
          isPressed={keepsShape}
          onClick={() => setView({ keepsShape: !keepsShape })}
        >
          {keepsShape ? <Lock size={16} aria-hidden /> : <LockOpen size={16} aria-hidden />}
        </IconButton>
        {own !== undefined && (
          <IconButton
            label={t('canvas.region.actual', { ...own })}
            onClick={() => setRegion(inShape(frame, own, picture, true))}
          >
            <ScanSearch size={16} aria-hidden />
          </IconButton>
        )}
        <IconButton
          label={t('canvas.region.whole')}
          onClick={() => setRegion({ x: 0, y: 0, width: picture.width, height: picture.height })}
        >
          <Maximize2 size={16} aria-hidden />
        </IconButton>
      </div>
    </>
  );
}
