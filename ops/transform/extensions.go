package transform

// Extensions are how the names of the files end that Load decodes, in lower
// case.
func Extensions() []string { return []string{".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"} }
