import { useTranslation } from 'react-i18next';
import type { MediaInfo } from '../../../../contract/index.ts';
import type { Box } from '../../mask/box.ts';
import { changeEdit } from '../../state/video.ts';
import { NumberInput, SwitchField } from '../../ui/controls.tsx';
import { middleOf } from '../../video/editbox.ts';

/** Whether only a box of the clip may change, and its sides in pixels. */
export function BoxFields({ source, box }: { readonly source: MediaInfo; readonly box: Box | undefined }) {
  const { t } = useTranslation();
  const { width, height } = source;
  return (
    <div className="param">
      <label htmlFor="clip-box">{t('video.box')}</label>
      <SwitchField
        id="clip-box"
        label={t('video.box')}
        isOn={box !== undefined}
        onChange={(isOn) => changeEdit('box', { box: isOn ? middleOf(width, height) : undefined })}
      />
      {box !== undefined && <Sides box={box} width={width} height={height} />}
    </div>
  );
}

/** No side can pass the one that faces it. */
function Sides({ box, width, height }: { readonly box: Box; readonly width: number; readonly height: number }) {
  const { t } = useTranslation();
  const sides = [
    ['left', t('video.boxLeft'), 0, box.right - 1],
    ['top', t('video.boxTop'), 0, box.bottom - 1],
    ['right', t('video.boxRight'), box.left + 1, width],
    ['bottom', t('video.boxBottom'), box.top + 1, height],
  ] as const;
  return (
    <>
      <div className="box-sides">
        {sides.map(([side, label, min, max]) => (
          <div key={side}>
            <label htmlFor={`clip-box-${side}`}>{label}</label>
            <NumberInput
              id={`clip-box-${side}`}
              label={label}
              value={box[side]}
              min={min}
              max={max}
              step={1}
              onChange={(value) => changeEdit('box', { box: { ...box, [side]: Math.round(value) } })}
            />
          </div>
        ))}
      </div>
      <p className="hint">{t('video.boxHint')}</p>
    </>
  );
}
