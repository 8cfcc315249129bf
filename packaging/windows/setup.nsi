; Called by setup.py, which defines FOLDER, OUTPUT, VERSION, MAINTAINER, APP_ID, ICON and LICENCE.
; Everything is this user's own: no administrator is asked, nothing is written outside the profile.
Target amd64-unicode
Unicode true
SetCompressor /SOLID lzma
RequestExecutionLevel user
ManifestDPIAware true

!include "MUI2.nsh"
!include "FileFunc.nsh"
!include "LogicLib.nsh"

!define PROGRAM "$INSTDIR\elbowroom.exe"
!define TRAY "$INSTDIR\elbowroom-tray.exe"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${APP_ID}"

Name "Elbowroom"
OutFile "${OUTPUT}"
InstallDir "$LOCALAPPDATA\Programs\Elbowroom"
InstallDirRegKey HKCU "${UNINSTALL_KEY}" "InstallLocation"
BrandingText "Elbowroom ${VERSION}"
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "Elbowroom"
VIAddVersionKey "FileDescription" "Elbowroom setup"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "CompanyName" "${MAINTAINER}"
VIAddVersionKey "LegalCopyright" "MIT"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "${TRAY}"
!insertmacro MUI_PAGE_LICENSE "${LICENCE}"
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "Korean"
!insertmacro MUI_LANGUAGE "German"
!insertmacro MUI_LANGUAGE "Japanese"
!insertmacro MUI_LANGUAGE "SimpChinese"

LangString KEEPS ${LANG_ENGLISH} "Elbowroom still runs and could not be ended. Choose Quit in its menu, then try again."
LangString KEEPS ${LANG_KOREAN} "Elbowroom이 아직 실행 중이고 끝낼 수 없습니다. 메뉴에서 종료를 고른 뒤 다시 시도하십시오."
LangString KEEPS ${LANG_GERMAN} "Elbowroom läuft noch und ließ sich nicht beenden. Wählen Sie „Beenden“ in seinem Menü und versuchen Sie es erneut."
LangString KEEPS ${LANG_JAPANESE} "Elbowroom がまだ実行中で、終了できませんでした。メニューから終了を選び、もう一度お試しください。"
LangString KEEPS ${LANG_SIMPCHINESE} "Elbowroom 仍在运行且无法结束。请在其菜单中选择退出，然后重试。"
LangString LED ${LANG_ENGLISH} "Open WebUI is still led to Elbowroom's relay, because it could not be reached now. Uninstall anyway? Chats fail then until its Ollama address is set back."
LangString LED ${LANG_KOREAN} "지금은 Open WebUI에 연결할 수 없어서 Open WebUI가 아직 Elbowroom의 릴레이를 가리킵니다. 그래도 제거하시겠습니까? 그러면 Ollama 주소를 되돌릴 때까지 채팅이 실패합니다."
LangString LED ${LANG_GERMAN} "Open WebUI zeigt noch auf Elbowrooms Relay, weil es gerade nicht erreichbar ist. Trotzdem deinstallieren? Chats schlagen dann fehl, bis seine Ollama-Adresse zurückgesetzt ist."
LangString LED ${LANG_JAPANESE} "現在 Open WebUI に接続できないため、まだ Elbowroom のリレーを指しています。それでもアンインストールしますか？ Ollama のアドレスを戻すまでチャットは失敗します。"
LangString LED ${LANG_SIMPCHINESE} "目前无法连接 Open WebUI，它仍指向 Elbowroom 的中继。仍要卸载吗？在恢复其 Ollama 地址之前，聊天会失败。"
LangString APP ${LANG_ENGLISH} "Elbowroom (required)"
LangString APP ${LANG_KOREAN} "Elbowroom (필수)"
LangString APP ${LANG_GERMAN} "Elbowroom (erforderlich)"
LangString APP ${LANG_JAPANESE} "Elbowroom (必須)"
LangString APP ${LANG_SIMPCHINESE} "Elbowroom（必需）"
LangString LOGIN ${LANG_ENGLISH} "Start at login"
LangString LOGIN ${LANG_KOREAN} "로그인할 때 시작"
LangString LOGIN ${LANG_GERMAN} "Bei der Anmeldung starten"
LangString LOGIN ${LANG_JAPANESE} "ログイン時に起動"
LangString LOGIN ${LANG_SIMPCHINESE} "登录时启动"

; `quit` ends the running icon in order: chat first is taken back for the time being, its relay ends.
!macro EndRunning un
Function ${un}EndRunning
  ${IfNot} ${FileExists} "${PROGRAM}"
    Return
  ${EndIf}
  nsExec::Exec '"${PROGRAM}" quit'
  Pop $0
  ${If} $0 <> 0
  ${AndIf} $0 <> 3
    MessageBox MB_OK|MB_ICONSTOP "$(KEEPS)" /SD IDOK
    SetErrorLevel 2
    Abort
  ${EndIf}
FunctionEnd
!macroend
!insertmacro EndRunning ""
!insertmacro EndRunning "un."

Section "$(APP)"
  SectionIn RO
  Call EndRunning
  SetOutPath "$INSTDIR"
  ; What an older version had and this one has not must not stay to be imported.
  RMDir /r "$INSTDIR\_internal"
  File /r "${FOLDER}/*"
  CreateShortcut "$SMPROGRAMS\Elbowroom.lnk" "${TRAY}"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayName" "Elbowroom"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayIcon" "${TRAY}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "Publisher" "${MAINTAINER}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "EstimatedSize" $0
SectionEnd

; Chosen by a click, or by /AUTOSTART in a silent run.
Section /o "$(LOGIN)" SEC_LOGIN
  nsExec::Exec '"${PROGRAM}" autostart on'
  Pop $0
SectionEnd

Function .onInit
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/AUTOSTART" $1
  ${IfNot} ${Errors}
    SectionSetFlags ${SEC_LOGIN} 1
  ${EndIf}
FunctionEnd

Section "Uninstall"
  Call un.EndRunning
  nsExec::Exec '"${PROGRAM}" chat-first off --yes'
  Pop $0
  ${If} $0 <> 0
  ${AndIf} $0 <> 3
    MessageBox MB_YESNO|MB_ICONEXCLAMATION "$(LED)" /SD IDYES IDYES gone
    Abort
  ${EndIf}
gone:
  nsExec::Exec '"${PROGRAM}" autostart off'
  Pop $0
  RMDir /r "$INSTDIR\_internal"
  Delete "${PROGRAM}"
  Delete "${TRAY}"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\Elbowroom.lnk"
  DeleteRegKey HKCU "${UNINSTALL_KEY}"
SectionEnd
