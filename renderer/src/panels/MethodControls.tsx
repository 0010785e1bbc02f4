import { RotateCcw } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { MethodDescription, ModelInfo, ParamSchema, ParamValue } from '../../../contract/index.ts';
import type { Document } from '../state/document.ts';
import { change } from '../state/editor.ts';
import { controlsFor, defaultsFor, setByHand, withoutMethod } from '../state/request.ts';
import { IconButton, NumberField, SelectField, SwitchField } from '../ui/controls.tsx';
import { SamplingControls } from './SamplingControls.tsx';

/** Controls of a method, drawn from its parameters, with those that every method has. */
export function MethodControls({
  method,
  model,
  document,
}: {
  readonly method: MethodDescription;
  readonly model: ModelInfo | undefined;
  readonly document: Document;
}) {
  const { t } = useTranslation();
  const defaults = defaultsFor(method, model);
  if (defaults === undefined) return null;
  const own = setByHand(document.params, method);
  const set = (name: string, value: ParamValue) =>
    change(name, { params: { ...document.params, [method.id]: { ...own, [name]: value } } });
  const isChanged = Object.keys(own).length > 0 || document.steps !== null || document.guidance !== null;
  const reset = () =>
    change('defaults', { params: withoutMethod(document.params, method.id), steps: null, guidance: null });
  return (
    <div className="controls">
      <div className="section-line">
        <h2>{t('controls.title')}</h2>
        {isChanged && (
          <IconButton label={t('controls.defaults')} onClick={reset}>
            <RotateCcw size={14} aria-hidden />
          </IconButton>
        )}
      </div>
      {controlsFor(method, defaults).map((param) => (
        <ParamControl
          key={param.name}
          param={param}
          value={own[param.name] ?? defaults.params[param.name] ?? param.default}
          isDefault={!(param.name in own)}
          onChange={(value) => set(param.name, value)}
        />
      ))}
      <SamplingControls values={document} defaults={defaults} onChange={change} />
    </div>
  );
}

/** One parameter's control, as its schema says. */
export function ParamControl({
  param,
  value,
  isDefault,
  onChange,
}: {
  readonly param: ParamSchema;
  readonly value: ParamValue;
  readonly isDefault: boolean;
  readonly onChange: (value: ParamValue) => void;
}) {
  const id = `param-${param.name}`;
  const hint = `${id}-hint`;
  return (
    <div className={param.type === 'boolean' ? 'param inline' : 'param'}>
      <label htmlFor={id}>{param.title}</label>
      {(param.type === 'number' || param.type === 'integer') && (
        <NumberField
          id={id}
          label={param.title}
          describedBy={hint}
          value={Number(value)}
          min={param.min}
          max={param.max}
          step={param.type === 'integer' ? 1 : (param.step ?? (param.max - param.min) / 100)}
          isDefault={isDefault}
          onChange={onChange}
        />
      )}
      {param.type === 'boolean' && (
        <SwitchField id={id} label={param.title} isOn={value === true} onChange={onChange} />
      )}
      {param.type === 'choice' && (
        <SelectField
          id={id}
          label={param.title}
          value={String(value)}
          choices={param.choices.map((choice) => ({
            value: choice.value,
            title: choice.title,
            summary: choice.summary,
          }))}
          onChange={onChange}
        />
      )}
      {param.type === 'text' && (
        <input
          id={id}
          className="text"
          value={String(value)}
          maxLength={param.maxLength}
          aria-describedby={hint}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
      <p className="hint" id={hint}>
        {param.summary}
      </p>
    </div>
  );
}
