import { THEMES, type Theme, type ThemeName } from '../theme.js';

const KEY = 'scalequest-theme';

/** The theme of the page: the system's, until the button has chosen the other one. `onChange` is also called at once. */
export function themeSwitch(button: HTMLButtonElement, onChange: (theme: Theme) => void): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  let chosen = stored();
  const show = (): void => {
    const name = chosen ?? (system.matches ? 'dark' : 'light');
    document.documentElement.dataset.theme = name;
    button.textContent = name === 'dark' ? 'Light colours' : 'Dark colours';
    onChange(THEMES[name]);
  };
  button.addEventListener('click', () => {
    chosen = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
    store(chosen);
    show();
  });
  system.addEventListener('change', show);
  show();
}

/** A page from a file may be denied its storage. */
function stored(): ThemeName | null {
  try {
    const name = localStorage.getItem(KEY);
    return name === 'light' || name === 'dark' ? name : null;
  } catch {
    return null;
  }
}

function store(name: ThemeName): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // Then the choice lasts as long as the page.
  }
}
