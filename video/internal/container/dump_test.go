package container
import ("testing";"os";"fmt")
func TestDump(t *testing.T){ for _,p:=range os.Args[len(os.Args)-1:] { _=p }
 for _,p:=range []string{"/work/shared/cases/video/vfr.mp4","/work/shared/cases/video/rot90.mp4","/work/shared/data/video/basketball.mp4","/tmp/video/m/vfr.mkv","/tmp/video/m/vfrfrag.mp4"}{
 f,err:=os.Open(p); if err!=nil {fmt.Println(err);continue}; st,_:=f.Stat(); x,err:=Read(f,st.Size()); if err!=nil{fmt.Println(p,err);continue}; l,err:=x.Times(1<<20); fmt.Println(p,x.Turn,len(l),l[:10],l[len(l)-1],err)}}
