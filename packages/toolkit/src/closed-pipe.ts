/** `fairlead history | head`: whoever reads us may have read enough. That is no error, and no stack trace. */
export function endQuietlyOnClosedPipe(output: NodeJS.WriteStream): void {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}
