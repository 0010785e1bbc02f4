import { Dices, Lock, LockOpen } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Sampling } from '../state/document.ts';
import { randomSeed } from '../state/runs.ts';
import { IconButton, NumberField, NumberInput } from '../ui/controls.tsx';

const MAX_SEED = Number.MAX_SAFE_INTEGER;

/** Steps, guidance scale and seed: what every method of pictures and of videos has. */
export function SamplingControls({
  values,
  defaults,
  onChange,
}: {
  readonly values: Sampling;
  readonly defaults: { readonly steps: number; readonly guidance: number };
  readonly onChange: (label: string, after: Partial<Sampling>) => void;
}) {
  const { t } = useTranslation();
  const { steps, guidance, seed, isSeedLocked } = values;
  return (
    <>
      <div className="param">
        <label htmlFor="steps">{t('controls.steps')}</label>
        <NumberField
          id="steps"
          label={t('controls.steps')}
          value={steps ?? defaults.steps}
          isDefault={steps === null}
          min={1}
          max={100}
          step={1}
          onChange={(value) => onChange('steps', { steps: Math.round(value) })}
        />
        <p className="hint">{t('controls.stepsHint')}</p>
      </div>
      <div className="param">
        <label htmlFor="guidance">{t('controls.guidance')}</label>
        <NumberField
          id="guidance"
          label={t('controls.guidance')}
          value={guidance ?? defaults.guidance}
          isDefault={guidance === null}
          min={0}
          max={20}
          step={0.1}
          onChange={(value) => onChange('guidance', { guidance: Math.round(value * 100) / 100 })}
        />
        <p className="hint">{t('controls.guidanceHint')}</p>
      </div>
      <div className="param">
        <label htmlFor="seed">{t('controls.seed')}</label>
        <div className="seed">
          <NumberInput
            id="seed"
            label={t('controls.seed')}
            value={seed}
            min={0}
            max={MAX_SEED}
            step={1}
            onChange={(value) => onChange('seed', { seed: Math.round(value) })}
          />
          <IconButton label={t('controls.newSeed')} onClick={() => onChange('seed', { seed: randomSeed() })}>
            <Dices size={16} aria-hidden />
          </IconButton>
          <IconButton
            label={t('controls.lockSeed')}
            isPressed={isSeedLocked}
            onClick={() => onChange('seedLock', { isSeedLocked: !isSeedLocked })}
          >
            {isSeedLocked ? <Lock size={16} aria-hidden /> : <LockOpen size={16} aria-hidden />}
          </IconButton>
        </div>
        <p className="hint">{t(isSeedLocked ? 'controls.seedLocked' : 'controls.seedFree')}</p>
      </div>
    </>
  );
}
