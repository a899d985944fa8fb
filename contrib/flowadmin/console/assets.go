package console

import (
	"embed"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assets embed.FS

func serveIndex(w http.ResponseWriter, _ *http.Request) { serveFile(w, "index.html") }

func serveAsset(w http.ResponseWriter, r *http.Request) { serveFile(w, r.PathValue("name")) }

// serveFile answers with an asset. They change with the program only.
func serveFile(w http.ResponseWriter, name string) {
	body, err := assets.ReadFile(path.Join("assets", name))
	if err != nil {
		fail(w, http.StatusNotFound, "there is no such page")
		return
	}
	w.Header().Set("Content-Type", contentType(name))
	_, _ = w.Write(body) // fails only when the client has gone
}

// contentType is what a file is by its name. It does not ask the machine's own tables first.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json":
		return "application/json"
	}
	if known := mime.TypeByExtension(path.Ext(name)); known != "" && !strings.HasPrefix(known, "text/html") {
		return known
	}
	return "text/plain; charset=utf-8"
}
