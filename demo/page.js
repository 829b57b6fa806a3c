() => {
  // A copied picture goes into the screenshot's field with Ctrl+V, wherever on its tab the cursor is.
  document.addEventListener("paste", (event) => {
    const place = document.getElementById("screenshot");
    const field = place?.querySelector("input[type=file]");
    const picture = [...(event.clipboardData?.files ?? [])].find((file) => file.type.startsWith("image/"));
    if (!picture || !field || !place.offsetParent) return;
    event.preventDefault();
    const transfer = new DataTransfer();
    transfer.items.add(picture);
    field.files = transfer.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
