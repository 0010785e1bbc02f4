/** Whether Cmd stands where Ctrl does elsewhere. */
export const isApple = /Mac|iPhone|iPad/.test(navigator.platform);
