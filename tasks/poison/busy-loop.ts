/** Keeps the event loop, so that nothing else of its process gets a turn. */
export default () => {
  for (;;);
}
