import { ChevronDown } from 'lucide-react';
import {
  Dialog as RadixDialog,
  Select as RadixSelect,
  Slider as RadixSlider,
  Switch as RadixSwitch,
  Tooltip as RadixTooltip,
} from 'radix-ui';
import { type ButtonHTMLAttributes, type ReactNode, useEffect, useRef, useState } from 'react';

/** A button with an icon alone: its label is its name and its tooltip, with the key that does the same. */
export function IconButton({
  label,
  keys,
  isPressed,
  children,
  ...rest
}: {
  readonly label: string;
  readonly keys?: string | undefined;
  readonly isPressed?: boolean;
} & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <RadixTooltip.Root>
      <RadixTooltip.Trigger asChild>
        <button type="button" className="icon-button" aria-label={label} aria-pressed={isPressed} {...rest}>
          {children}
        </button>
      </RadixTooltip.Trigger>
      <RadixTooltip.Portal>
        <RadixTooltip.Content className="tooltip" sideOffset={6} collisionPadding={8}>
          {label}
          {keys !== undefined && <kbd>{keys}</kbd>}
        </RadixTooltip.Content>
      </RadixTooltip.Portal>
    </RadixTooltip.Root>
  );
}

export function Button({
  tone = 'plain',
  children,
  ...rest
}: { readonly tone?: 'plain' | 'primary' | 'danger' | 'quiet' } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type="button" className={`button ${tone}`} {...rest}>
      {children}
    </button>
  );
}

export interface Choice {
  readonly value: string;
  readonly title: string;
  readonly summary?: string;
  readonly isDisabled?: boolean;
}

export interface SelectFieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  /** Shown where `value` is empty. */
  readonly placeholder?: string;
  readonly onChange: (value: string) => void;
}

export function SelectField({ id, label, value, choices, placeholder, onChange }: SelectFieldProps) {
  const chosen = choices.find((choice) => choice.value === value);
  return (
    <RadixSelect.Root value={value} onValueChange={onChange}>
      <RadixSelect.Trigger id={id} className="select" aria-label={label}>
        <RadixSelect.Value placeholder={placeholder}>{chosen?.title ?? (value || placeholder)}</RadixSelect.Value>
        <RadixSelect.Icon>
          <ChevronDown size={14} aria-hidden />
        </RadixSelect.Icon>
      </RadixSelect.Trigger>
      <RadixSelect.Portal>
        <RadixSelect.Content className="select-list" position="popper" sideOffset={4} collisionPadding={8}>
          <RadixSelect.Viewport>
            {choices.map((choice) => (
              <RadixSelect.Item
                key={choice.value}
                value={choice.value}
                className="select-item"
                disabled={choice.isDisabled === true}
              >
                <RadixSelect.ItemText>{choice.title}</RadixSelect.ItemText>
                {choice.summary !== undefined && <span className="select-summary">{choice.summary}</span>}
              </RadixSelect.Item>
            ))}
          </RadixSelect.Viewport>
        </RadixSelect.Content>
      </RadixSelect.Portal>
    </RadixSelect.Root>
  );
}

/** With its label before it. */
export function LabelledSelect(props: SelectFieldProps) {
  return (
    <div className="field">
      <label htmlFor={props.id}>{props.label}</label>
      <SelectField {...props} />
    </div>
  );
}

/** A number as a slider with a field: the slider for the hand, the field for the exact value. */
export function NumberField({
  id,
  label,
  value,
  min,
  max,
  step,
  isDefault,
  onChange,
  describedBy,
}: {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** Whether the value is the model's own, shown quieter. */
  readonly isDefault?: boolean;
  readonly onChange: (value: number) => void;
  readonly describedBy?: string;
}) {
  return (
    <div className="number-field">
      <RadixSlider.Root
        className="slider"
        value={[value]}
        min={min}
        max={max}
        step={step}
        onValueChange={([next]) => next !== undefined && onChange(next)}
      >
        <RadixSlider.Track className="slider-track">
          <RadixSlider.Range className="slider-range" />
        </RadixSlider.Track>
        <RadixSlider.Thumb className="slider-thumb" aria-label={label} aria-describedby={describedBy} />
      </RadixSlider.Root>
      <NumberInput {...{ id, label, value, min, max, step, onChange }} isQuiet={isDefault === true} />
    </div>
  );
}

/** Digits that become a value when they are one; what is out of range goes to its end when the field is left. */
export function NumberInput({
  id,
  label,
  value,
  min,
  max,
  step,
  isQuiet = false,
  onChange,
}: {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly isQuiet?: boolean;
  readonly onChange: (value: number) => void;
}) {
  const [text, setText] = useState(String(value));
  useEffect(() => setText(String(value)), [value]);
  const finish = () => {
    const number = Number(text);
    const next = text.trim() === '' || Number.isNaN(number) ? value : Math.min(max, Math.max(min, number));
    setText(String(next));
    if (next !== value) onChange(next);
  };
  return (
    <input
      id={id}
      className={isQuiet ? 'number quiet' : 'number'}
      type="number"
      inputMode="decimal"
      aria-label={label}
      {...{ min, max, step }}
      value={text}
      onChange={({ target }) => {
        setText(target.value);
        const number = Number(target.value);
        if (target.value.trim() !== '' && number >= min && number <= max) onChange(number);
      }}
      onBlur={finish}
      onKeyDown={(event) => event.key === 'Enter' && finish()}
    />
  );
}

export function SwitchField({
  id,
  label,
  isOn,
  onChange,
}: {
  readonly id: string;
  readonly label: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}) {
  return (
    <RadixSwitch.Root id={id} className="switch" checked={isOn} onCheckedChange={onChange} aria-label={label}>
      <RadixSwitch.Thumb className="switch-thumb" />
    </RadixSwitch.Root>
  );
}

export function Dialog({
  title,
  description,
  isOpen,
  onClose,
  closeLabel,
  children,
}: {
  readonly title: string;
  readonly description?: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly closeLabel: string;
  readonly children: ReactNode;
}) {
  // Opened by keys and menus as well as by buttons: the focus goes back to where it was.
  const opener = useRef<Element>(null);
  return (
    <RadixDialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className="overlay" />
        <RadixDialog.Content
          className="dialog"
          onOpenAutoFocus={() => {
            opener.current = document.activeElement;
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (opener.current instanceof HTMLElement) opener.current.focus();
          }}
          {...(description === undefined && { 'aria-describedby': undefined })}
        >
          <RadixDialog.Title className="dialog-title">{title}</RadixDialog.Title>
          {description !== undefined && (
            <RadixDialog.Description className="hint">{description}</RadixDialog.Description>
          )}
          {children}
          <RadixDialog.Close asChild>
            <button type="button" className="dialog-close icon-button" aria-label={closeLabel}>
              <span aria-hidden>×</span>
            </button>
          </RadixDialog.Close>
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

export const TooltipProvider = RadixTooltip.Provider;
