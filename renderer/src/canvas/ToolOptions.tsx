import { Blend, Contrast, Expand, type LucideIcon, Shrink, SquareX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { keysText } from '../actions/actions.ts';
import type { MaskCommand } from '../mask/controller.ts';
import { useMaskCoverage } from '../state/mask.ts';
import { setView, useView } from '../state/view.ts';
import { IconButton, NumberField, NumberInput } from '../ui/controls.tsx';
import { canvasHandle, useMaskAmount } from './commands.ts';
import { RegionOptions } from './RegionOptions.tsx';
import { WordChips } from './WordChips.tsx';

/** What the chosen tool can be set to, and what can be done with the whole mask. */
export function ToolOptions({ hasSource }: { readonly hasSource: boolean }) {
  const { t } = useTranslation();
  const tool = useView((view) => view.tool);
  return (
    <fieldset className="canvas-options" aria-label={t('canvas.options')}>
      <div className="canvas-options-tool">
        {(tool === 'brush' || tool === 'eraser') && <BrushOptions />}
        {tool === 'word' && hasSource && <WordChips />}
        {tool === 'region' && hasSource && <RegionOptions />}
      </div>
      {hasSource && tool !== 'region' && <MaskCommands />}
    </fieldset>
  );
}

function BrushOptions() {
  const { t } = useTranslation();
  const { brushSize, brushFeather } = useView();
  return (
    <>
      <div className="canvas-option">
        <label htmlFor="brush-size">{t('canvas.brushSize')}</label>
        <NumberField
          id="brush-size"
          label={t('canvas.brushSize')}
          value={brushSize}
          min={1}
          max={400}
          step={1}
          onChange={(size) => setView({ brushSize: size })}
        />
      </div>
      <div className="canvas-option">
        <label htmlFor="brush-feather">{t('canvas.brushFeather')}</label>
        <NumberField
          id="brush-feather"
          label={t('canvas.brushFeather')}
          value={Math.round(brushFeather * 100)}
          min={0}
          max={100}
          step={1}
          onChange={(share) => setView({ brushFeather: share / 100 })}
        />
      </div>
    </>
  );
}

const BEFORE_AMOUNT: readonly (readonly [MaskCommand, LucideIcon, string])[] = [
  ['invert', Contrast, 'invert'],
  ['clear', SquareX, 'deselect'],
];
const WITH_AMOUNT: readonly (readonly [MaskCommand, LucideIcon, string])[] = [
  ['grow', Expand, 'grow'],
  ['shrink', Shrink, 'shrink'],
  ['feather', Blend, 'feather'],
];

function MaskCommands() {
  const { t } = useTranslation();
  const amount = useMaskAmount((state) => state.amount);
  const isEmpty = useMaskCoverage() === 0;
  const button = ([command, Icon, action]: (typeof WITH_AMOUNT)[number]) => (
    <IconButton
      key={command}
      label={t(`canvas.mask.${command}`, { amount })}
      keys={keysText(action)}
      disabled={isEmpty && command !== 'invert'}
      onClick={() => canvasHandle.maskCommand(command)}
    >
      <Icon size={16} aria-hidden />
    </IconButton>
  );
  return (
    <fieldset className="canvas-commands" aria-label={t('canvas.maskCommands')}>
      {BEFORE_AMOUNT.map(button)}
      <span className="canvas-separator" aria-hidden />
      {WITH_AMOUNT.map(button)}
      <NumberInput
        id="mask-amount"
        label={t('canvas.amount')}
        value={amount}
        min={1}
        max={200}
        step={1}
        onChange={(next) => useMaskAmount.setState({ amount: Math.round(next) })}
      />
      <span className="canvas-hint" aria-hidden>
        {t('canvas.pixels')}
      </span>
    </fieldset>
  );
}
